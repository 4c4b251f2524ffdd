"""Releases: signed bundles that install without a network, and what a server remembers of those it took."""
