"""Proposals: what a module suggests, with its evidence, and what people decided."""
