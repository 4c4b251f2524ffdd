"""The components under one name: templates say `ui.button(...)`, in whole pages and in fragments alike.

A fragment renders one block without the imports at its template's top, so components are a template global instead.
"""

from __future__ import annotations

import zlib
from typing import Any

from jinja2 import Environment
from jinja2.runtime import Macro

from webapp.kit.i18n import N_, gettext

FILES = (
    *("icon", "button", "field", "badge", "card", "table", "empty"),
    *("timeline", "proposal", "player", "progress", "overlay", "assistant", "why"),
)
LEGAL_FORMS = frozenset({"ООО", "АО", "ПАО", "ЗАО", "ИП", "LLC", "LTD", "INC", "GMBH"})
HUES = 8
# Tone, words, and whether work is under way: one vocabulary of states for the whole product.
STATES = {
    "received": ("sea", N_("Received"), True),
    "queued": ("neutral", N_("Queued"), False),
    "transcribing": ("sea", N_("Transcribing"), True),
    "transcribed": ("sea", N_("Transcribed"), True),
    "understanding": ("sea", N_("Reading"), True),
    "understood": ("good", N_("Ready"), False),
    "waiting": ("warm", N_("Waiting for the model"), False),
    "failed": ("bad", N_("Failed"), False),
    "proposed": ("warm", N_("Proposed"), False),
    "accepted": ("good", N_("Accepted"), False),
    "edited": ("good", N_("Accepted with changes"), False),
    "rejected": ("neutral", N_("Rejected"), False),
    "undone": ("neutral", N_("Undone"), False),
    "kept": ("warm", N_("Kept your value"), False),
    "open": ("sea", N_("Open"), False),
    "won": ("good", N_("Won"), False),
    "lost": ("neutral", N_("Lost"), False),
    "done": ("good", N_("Done"), False),
    "overdue": ("bad", N_("Overdue"), False),
    "indexing": ("sea", N_("Indexing"), True),
    "indexed": ("good", N_("Indexed"), False),
    "ready": ("good", N_("Ready"), False),
    "starting": ("warm", N_("Starting"), True),
    "off": ("neutral", N_("Off"), False),
    "down": ("bad", N_("Not available"), False),
}
MINUTE_SECONDS = 60
HOUR_SECONDS = 3600


class Components:
    """Gives out the macros of `templates/components/` by name."""

    def __init__(self, environment: Environment) -> None:
        """`environment` loads the templates; nothing is loaded before the first use."""
        self._environment = environment
        self._macros: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if not self._macros or self._environment.auto_reload:
            self._macros = self._load()
        try:
            return self._macros[name]
        except KeyError:
            raise AttributeError(name) from None

    def _load(self) -> dict[str, Any]:
        """All macros; where two files have the same name (one imports it from the other), the first file's stays."""
        found: dict[str, Any] = {}
        for name in FILES:
            module = self._environment.get_template(f"components/{name}.html").module
            for key, value in vars(module).items():
                if isinstance(value, Macro):
                    found.setdefault(key, value)
        return found


def state_look(state: str) -> tuple[str, str, bool]:
    """The tone, the words in the person's language, and whether work is under way; an unknown state shows itself."""
    tone, words, under_way = STATES.get(state, ("neutral", "", False))
    return tone, gettext(words) if words else state, under_way


RUN_VERDICTS = {
    "ok": N_("well"),
    "repaired": N_("well, at the second attempt"),
    "degraded": N_("without the language model, by rules alone"),
    "failed": N_("it failed"),
    "refused": N_("it was refused"),
    "input_invalid": N_("the question was not valid"),
    "output_invalid": N_("the model's answer could not be used"),
    "engine_unavailable": N_("the model was not there"),
    "feature_off": N_("the feature is switched off"),
    "cancelled": N_("it was stopped"),
}


def run_verdict(verdict: str) -> str:
    """How the run of a model ended, in words; a verdict that is not known shows itself."""
    return gettext(RUN_VERDICTS[verdict]) if verdict in RUN_VERDICTS else verdict


def initials(name: str) -> str:
    """Up to two capital letters for a name; legal forms and quotation marks of companies do not count."""
    words = ["".join(c for c in word if c.isalnum()) for word in name.split()]
    telling = [w for w in words if w and w.upper() not in LEGAL_FORMS]
    return "".join(w[0].upper() for w in (telling or [w for w in words if w])[:2]) or "·"


def hue(name: str) -> int:
    """A number from 0 to 7 that is always the same for the same name: the class of its avatar's colour."""
    return zlib.crc32(name.strip().casefold().encode()) % HUES


def clock(seconds: float | None) -> str:
    """Seconds as m:ss, or h:mm:ss from one hour on."""
    whole = max(0, int(seconds or 0))
    hours, rest = divmod(whole, HOUR_SECONDS)
    minutes, second = divmod(rest, MINUTE_SECONDS)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"
