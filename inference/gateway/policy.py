"""Who may show which classes of data to a model, and how the text is masked first."""

from __future__ import annotations

from dataclasses import dataclass

from inference.anonymise import PASS_THROUGH, Masking
from inference.gateway.problems import PolicyForbids

DATA_CLASSES = frozenset({"public", "commercial", "personal"})


@dataclass(frozen=True)
class Policy:
    """What one caller is allowed: classes of data, and the masking that its texts go through."""

    name: str
    data_classes: frozenset[str]
    masking: Masking

    def check(self, asked: tuple[str, ...], *, what: str) -> None:
        """Raise PolicyForbids when a class of data is asked for that this policy does not allow."""
        forbidden = sorted(set(asked) - self.data_classes)
        if forbidden:
            message = f"{what} reads data of the class {', '.join(forbidden)}, which policy '{self.name}' forbids."
            raise PolicyForbids(message)


ON_PREMISES = Policy("on-premises", DATA_CLASSES, PASS_THROUGH)
