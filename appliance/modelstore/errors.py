"""What can go wrong with weights; each message says what to do."""

from __future__ import annotations


class ModelError(Exception):
    """Weights cannot be used; `remedy` says what to do."""

    def __init__(self, sentence: str, remedy: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy


class ChecksumMismatch(ModelError):
    """Weights are not what the manifest says: they are removed and never used."""


class WeightsUnavailable(ModelError):
    """The packages that carry the weights cannot be had now: the feature stays off until they can."""


class Interrupted(ModelError):
    """The person stopped the assembly."""

    def __init__(self) -> None:
        super().__init__("The assembly of the weights was stopped.", "Start again; what is complete is kept.")
