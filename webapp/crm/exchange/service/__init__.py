"""Verbs on records of other systems."""
