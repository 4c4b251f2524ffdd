"""Benchmarks: `make bench` prints a table and writes JSON. Each figure is a ratio within one run."""
