"""What can go wrong with weights; each message says what to do."""

from __future__ import annotations


class ModelError(Exception):
    """Weights cannot be used; `remedy` says what to do."""

    def __init__(self, sentence: str, remedy: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy


class ChecksumMismatch(ModelError):
    """Weights are not what the manifest says: they are never used."""


class WeightsUnavailable(ModelError):
    """The packages that carry the weights cannot be had now: the feature stays off until they can."""


class ManifestRefused(ModelError):
    """A manifest cannot be used; `field` names the part at fault, empty when it is the whole."""

    def __init__(self, field: str, sentence: str, remedy: str) -> None:
        super().__init__(sentence, remedy)
        self.field = field


class WeightsRefused(ModelError):
    """Weights, or the archive that carries them, are not of the kind that can be used."""


class StoreRefused(ModelError):
    """What was asked of the store cannot be done as it stands."""


class Interrupted(ModelError):
    """The person stopped the work."""

    def __init__(self) -> None:
        super().__init__("The work on the weights was stopped.", "Start again; what is complete is kept.")
