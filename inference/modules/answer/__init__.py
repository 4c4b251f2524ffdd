"""Answers a question from given passages, citing each claim, or says that they do not tell."""
