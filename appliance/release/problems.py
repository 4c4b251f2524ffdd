"""What keeps a bundle from being built; each message says what to do."""

from __future__ import annotations


class BuildError(Exception):
    """A bundle cannot be built; `remedy` says what to do."""

    def __init__(self, sentence: str, remedy: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy
