"""Control over AI: engines, versions of prompts, switches, and the log of runs."""
