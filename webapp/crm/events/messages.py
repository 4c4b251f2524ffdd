"""What can be asked of dead letters, and what people are told about them."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.kit.i18n import N_

STATES = {
    "dead": N_("Given up"),
    "retrying": N_("Tried again by itself"),
    "discarded": N_("Discarded"),
}
TONES = {"dead": "bad", "retrying": "warm", "discarded": "neutral"}


@dataclass(frozen=True)
class Filter:
    """Which letters are wanted; an empty field asks for all."""

    state: str = ""
    event_type: str = ""
    subscriber: str = ""
