"""Organisations: the companies that are or may become clients."""
