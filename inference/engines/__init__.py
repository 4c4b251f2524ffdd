"""Launchers of the engines, one file each: every engine speaks the OpenAI-compatible HTTP interface on loopback."""
