"""Recorded calls for tests and for trying the product: scripts, the maker, and the small files themselves."""
