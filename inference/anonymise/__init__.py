"""The door through which every text passes on its way to a model: only this package makes a `SafeText`."""

from inference.anonymise.masker import Masked, Masker
from inference.anonymise.safe_text import PASS_THROUGH, Masking, SafeText, anonymise, restore
from inference.anonymise.spans import CLASSES, KnownValue, Span
from inference.anonymise.vault import Restorer

__all__ = [
    "CLASSES",
    "PASS_THROUGH",
    "KnownValue",
    "Masked",
    "Masker",
    "Masking",
    "Restorer",
    "SafeText",
    "Span",
    "anonymise",
    "restore",
]
