"""A small module for the gateway's tests: one note with a quote, whole or streamed."""
