"""Searching everything: the palette, the results page and the API."""
