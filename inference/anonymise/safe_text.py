"""`SafeText`: text that a policy has allowed to be shown to a model, with what was replaced in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from inference.anonymise.masker import Masker

_SEAL: Final = object()


class Masking(Protocol):
    """One way to replace personal data; gives the masked text and what each placeholder stands for."""

    @property
    def name(self) -> str:
        """What the log calls this masking."""
        ...

    def mask(self, text: str) -> tuple[str, Mapping[str, str]]:
        """Return the text to show to the model and the original behind each placeholder."""
        ...


@dataclass(frozen=True)
class PassThrough:
    """Leaves every text as it is: right for engines on the same machine whose policy allows personal data."""

    name: str = "pass-through"

    def mask(self, text: str) -> tuple[str, Mapping[str, str]]:
        """Return the text itself and no placeholders."""
        return text, {}


PASS_THROUGH: Final[Masking] = PassThrough()


@dataclass(frozen=True)
class SafeText:
    """Text that may be shown to a model. Made by `anonymise` alone; the seal keeps others from building one.

    `found` counts what was masked, by class.
    """

    text: str
    masking: str
    placeholders: Mapping[str, str] = field(repr=False)
    seal: object = field(repr=False, compare=False)
    found: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            message = "a SafeText is made by anonymise(), which is where personal data is masked"
            raise TypeError(message)


def anonymise(text: str, masking: Masking | Masker) -> SafeText:
    """Mask a text as the policy says and seal the result. With a Masker, restore answers by the Masker itself."""
    if isinstance(masking, Masker):
        done = masking.mask(text)
        found = Counter(span.kind for span in done.spans)
        return SafeText(done.text, masking.name, masking.placeholders(), _SEAL, found)
    masked, placeholders = masking.mask(text)
    return SafeText(masked, masking.name, placeholders, _SEAL)


def restore(text: str, placeholders: Mapping[str, str]) -> str:
    """Put the originals back in place of their placeholders, longest placeholder first."""
    for placeholder in sorted(placeholders, key=len, reverse=True):
        text = text.replace(placeholder, placeholders[placeholder])
    return text
