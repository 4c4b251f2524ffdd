"""The map between placeholders and what they stand for. It lives as long as its run and never leaves the process."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NoReturn

from inference.anonymise.spans import CLASSES

LITERAL: Final = "text"
LABELS: Final = {kind.upper(): kind for kind in (*CLASSES, LITERAL)}
_LABEL: Final = "|".join(label.replace("_", r"\\?[_ ]") for label in sorted(LABELS, key=len, reverse=True))
PLACEHOLDER = re.compile(
    rf"\\?\[\s?(?P<kind>{_LABEL})(?:\\?_|[ -])?(?P<number>[0-9]{{1,6}})\s?\\?\]"
    rf"|(?<!\w)(?P<bare>{_LABEL})\\?_(?P<bare_number>[0-9]{{1,6}})(?!\w)",
    re.IGNORECASE,
)
UNFINISHED = re.compile(
    r"\[\s?[a-z\\_ -]{0,24}[0-9]{0,6}\s?\\?$|(?<![\w\[])[a-z][a-z\\_]{0,24}[0-9]{0,6}$", re.IGNORECASE
)
WORD_REST = re.compile(r"^\w+")
LONGEST: Final = 40
CONTEXT: Final = 40
MOST_MENTIONS: Final = 64


@dataclass(slots=True)
class Entry:
    """What one placeholder stands for: its best form, and the form of each mention after its words on the left."""

    surface: str = field(repr=False)
    mentions: list[tuple[str, str]] = field(default_factory=list, repr=False)

    def form(self, left: str) -> str:
        """The form for a place in an answer: that of the mention after the same words, else the best form."""
        best, longest = self.surface, 0
        left = left.lower()
        for before, surface in self.mentions:
            common = _common_words(before, left)
            if common > longest:
                best, longest = surface, common
        return best


class Vault:
    """Gives placeholders, one for each value of a class, and puts the values back."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._names: dict[tuple[str, str], str] = {}
        self._entries: dict[str, Entry] = {}
        self._numbers: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"<Vault of {len(self._entries)} placeholders>"

    def __reduce__(self) -> NoReturn:
        message = "the map behind placeholders never leaves its process"
        raise TypeError(message)

    def placeholder(self, kind: str, key: str, surface: str) -> str:
        """The placeholder of a value; `surface` is the form to restore when nothing better is known."""
        name = self._names.get((kind, key))
        if name is None:
            number = self._numbers[kind] = self._numbers.get(kind, 0) + 1
            name = f"[{kind.upper()}_{number}]"
            self._names[kind, key] = name
            self._entries[name] = Entry(surface)
        return name

    def improve(self, name: str, surface: str) -> None:
        """Put a better form behind a placeholder, such as the whole name of someone known by the first alone."""
        self._entries[name].surface = surface

    def note(self, name: str, left: str, surface: str) -> None:
        """Remember in which form a value stood after the masked text `left`."""
        entry = self._entries[name]
        if len(entry.mentions) < MOST_MENTIONS:
            entry.mentions.append((left[-CONTEXT:].lower(), surface))

    def surfaces(self) -> dict[str, str]:
        """Every placeholder with its best form."""
        return {name: entry.surface for name, entry in self._entries.items()}

    def restore(self, text: str, before: str = "", written: Callable[[str], str] = str) -> str:
        """Put the values back; `before` is what of the answer stood before `text`, still masked.

        `written` gives a value the form that it has in this answer.
        """
        pieces: list[str] = []
        place = 0
        for match in PLACEHOLDER.finditer(text):
            entry = self._entries.get(_name(match))
            if entry is None:
                continue
            left = (before + text[max(0, match.start() - CONTEXT) : match.start()])[-CONTEXT:]
            pieces += (text[place : match.start()], written(entry.form(left)))
            place = match.end()
        return "".join([*pieces, text[place:]])


class Restorer:
    """Restores an answer that comes in pieces; a placeholder may be split over several."""

    def __init__(self, vault: Vault, written: Callable[[str], str] = str) -> None:
        """Begin one answer, in which values are `written` in this form."""
        self._vault = vault
        self._written = written
        self._before = self._held = ""

    def feed(self, piece: str) -> str:
        """Take a piece; return what can be shown of the answer so far and was not shown yet."""
        text = self._held + piece
        cut = _unfinished(text)
        return self._release(text[:cut], text[cut:])

    def finish(self) -> str:
        """Return what was still held back."""
        return self._release(self._held, "")

    def _release(self, text: str, held: str) -> str:
        shown = self._vault.restore(text, self._before, self._written)
        self._before, self._held = (self._before + text)[-CONTEXT:], held
        return shown


def _unfinished(text: str) -> int:
    """Where a placeholder may have begun that the next piece can end; the length of the text when none has."""
    first = max(0, len(text) - LONGEST)
    match = UNFINISHED.search(text, first)
    while match is not None:
        start = match.group().lstrip("[ ").upper().replace("\\", "").replace(" ", "_")
        word = start.rstrip("0123456789").rstrip("_-")
        if any(label.startswith(word) for label in LABELS):
            return match.start()
        match = UNFINISHED.search(text, match.start() + 1)
    return len(text)


def _name(match: re.Match[str]) -> str:
    """The placeholder as it was given, whatever the model made of its letters."""
    kind = (match["kind"] or match["bare"]).upper().replace("\\", "").replace(" ", "_")
    return f"[{kind}_{int(match['number'] or match['bare_number'])}]"


def _common_words(one: str, other: str) -> int:
    """How many characters two texts share at their ends, counted in whole words; 1 more when they are all alike."""
    most = min(len(one), len(other))
    same = next((i for i in range(most) if one[-1 - i] != other[-1 - i]), most)
    if same == len(one) and same in {CONTEXT, len(other)}:
        return same + 1
    tail = one[len(one) - same :]
    if same < len(one) and one[-1 - same].isalnum():
        tail = WORD_REST.sub("", tail)
    return len(tail) if any(letter.isalnum() for letter in tail) else 0
