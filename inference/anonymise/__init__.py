"""The door through which every text passes on its way to a model: only this package makes a `SafeText`."""

from inference.anonymise.safe_text import PASS_THROUGH, Masking, SafeText, anonymise, restore

__all__ = ["PASS_THROUGH", "Masking", "SafeText", "anonymise", "restore"]
