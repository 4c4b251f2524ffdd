"""Prompt injections: in every text that reaches a prompt, against a model that obeys them all."""
