"""Who is who: mentions of one person in different forms, cases and lengths come together."""

from __future__ import annotations

import re
from bisect import bisect_right, insort
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from inference.anonymise.names_en import first_names
from inference.anonymise.russian_words import genders, name_lemmas, nominative, reading

TOKEN = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
CYRILLIC = re.compile(r"[А-Яа-яЁё]")
ENDINGS: Final = (
    "ого", "его", "ому", "ему", "ыми", "ими", "ой", "ей", "ую", "юю", "ая", "яя", "ый", "ий", "ым", "им", "ом", "ем", "ых", "их", "ою", "ею", "а",
    "я", "у", "ю", "е", "ы", "и", "о", "ь", "й",
)  # fmt: skip
LEAST_STEM: Final = 3
NICKNAMES: Final = {
    "bob": "robert", "rob": "robert", "bobby": "robert", "bill": "william", "will": "william", "billy": "william", "mike": "michael", "kate": "katherine",
    "katie": "katherine", "dave": "david", "tom": "thomas", "jim": "james", "jimmy": "james", "joe": "joseph", "liz": "elizabeth", "beth": "elizabeth",
    "dan": "daniel", "sam": "samuel", "ben": "benjamin", "nick": "nicholas", "tony": "anthony", "steve": "stephen", "chris": "christopher", "matt": "matthew",
    "ed": "edward", "jen": "jennifer", "jenny": "jennifer", "pat": "patricia", "sue": "susan", "alex": "alexander", "andy": "andrew", "greg": "gregory",
}  # fmt: skip


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """A Russian name without its ending, the same in every case and gender; Latin words in small letters."""
    low = word.lower().replace("ё", "е")
    if not CYRILLIC.match(low):
        return low.removesuffix("'s")
    for ending in ENDINGS:
        if low.endswith(ending) and len(low) - len(ending) >= LEAST_STEM:
            return low[: -len(ending)]
    return low


@dataclass(slots=True)
class Mention:
    """The parts of a name as far as one mention gives them; each a set of forms that it can come from."""

    first: frozenset[str] = frozenset()
    patronymic: frozenset[str] = frozenset()
    last: str = ""
    initials: str = ""
    either: str = ""

    @property
    def weight(self) -> int:
        """How many parts are there; whole names tell most."""
        return 2 * bool(self.first) + 2 * bool(self.last) + bool(self.patronymic) + bool(self.initials)

    def agrees(self, other: Mention) -> bool:
        """Whether two mentions can be of one person: a whole part is shared and none differs."""
        shared = 0
        for mine, his in ((self.first, other.first), (self.patronymic, other.patronymic)):
            if mine and his:
                if not mine & his:
                    return False
                shared += 1
        if self.last and other.last:
            if self.last != other.last:
                return False
            shared += 1
        for one, two in ((self, other), (other, self)):
            if one.either and (one.either in two.first or one.either in (two.last, two.either)):
                shared += 1
            if one.initials and two.first and not any(form[0] == one.initials[0] for form in two.first):
                return False
        if self.initials and other.initials and self.initials[0] != other.initials[0]:
            return False
        return shared > 0

    def joined(self, other: Mention) -> Mention:
        """What both mentions tell together."""
        return Mention(
            (self.first & other.first) or self.first or other.first,
            (self.patronymic & other.patronymic) or self.patronymic or other.patronymic,
            self.last or other.last,
            self.initials if len(self.initials) >= len(other.initials) else other.initials,
            self.either if not (self.last or other.last) or not (self.first or other.first) else "",
        )


@dataclass(slots=True)
class _Person:
    key: str
    known: Mention = field(repr=False)
    places: list[int] = field(default_factory=list)

    def last_before(self, place: int) -> int:
        """The last mention up to a place; -1 where there is none."""
        before = bisect_right(self.places, place)
        return self.places[before - 1] if before else -1


class People:
    """The people of one run."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._people: list[_Person] = []
        self._by_part: dict[str, list[_Person]] = {}
        self._parsed: dict[str, Mention] = {}

    def begin_text(self) -> None:
        """Forget where in the last text people stood."""
        for person in self._people:
            person.places.clear()

    def mention(self, surface: str) -> Mention:
        """The parts of a name, remembered for as long as this run."""
        known = self._parsed.get(surface)
        if known is None:
            known = self._parsed[surface] = parsed(surface)
        return known

    def key(self, surface: str, place: int) -> str:
        """The key of the person that a mention at a place of the text means."""
        mention = self.mention(surface)
        candidates = {
            id(p): p for part in _parts(mention) for p in self._by_part.get(part, ()) if mention.agrees(p.known)
        }
        if candidates:
            person = max(candidates.values(), key=lambda p: (p.last_before(place), int(p.key)))
            person.known = person.known.joined(mention)
        else:
            person = _Person(str(len(self._people)), mention)
            self._people.append(person)
        insort(person.places, place)
        for part in _parts(person.known):
            known = self._by_part.setdefault(part, [])
            if person not in known:
                known.append(person)
        return person.key


def _parts(mention: Mention) -> list[str]:
    return [*mention.first, *([mention.last] if mention.last else ()), *([mention.either] if mention.either else ())]


def parsed(surface: str) -> Mention:
    """The parts of a name."""
    words = TOKEN.findall(surface)
    initials = "".join(word.lower() for word in words if len(word) == 1)
    words = [word.lower() for word in words if len(word) > 1]
    if not words:
        return Mention(either=surface.lower())
    return _russian(words, initials) if CYRILLIC.match(words[0]) else _latin(words, initials)


def _russian(words: list[str], initials: str) -> Mention:
    """A first name is the likeliest word of them; what is no patronymic either is the surname."""
    patronymics = [word for word in words if len(words) > 1 and reading(word).patronymic > 0.5]
    rest = [word for word in words if word not in patronymics]
    best = max(rest, key=lambda word: reading(word).first - reading(word).surname, default="")
    first = (
        best
        if best and reading(best).first >= 0.1 and not (initials and len(rest) == 1 and reading(best).surname > 0.2)
        else ""
    )
    last = next((word for word in rest if word != first), "")
    if len(words) == 1 and not first:
        return Mention(either=stem(words[0])) if reading(words[0]).surname < 0.3 else Mention(last=stem(words[0]))
    return Mention(
        first=(name_lemmas(first, "Name") or frozenset({stem(first)})) if first else frozenset(),
        patronymic=name_lemmas(patronymics[0], "Patr") or frozenset({stem(patronymics[0])})
        if patronymics
        else frozenset(),
        last=stem(last) if last else "",
        initials=initials if not first else "",
    )


def _latin(words: list[str], initials: str) -> Mention:
    """First and last word; a single word is either."""
    words = [word.removesuffix("'s") for word in words]
    if len(words) == 1:
        if initials:
            return Mention(last=words[0], initials=initials)
        name = NICKNAMES.get(words[0], words[0])
        return Mention(first=frozenset({words[0], name})) if words[0] in first_names() else Mention(either=words[0])
    first, last = (
        (words[-1], words[0]) if words[-1] in first_names() and words[0] not in first_names() else (words[0], words[-1])
    )
    return Mention(first=frozenset({first, NICKNAMES.get(first, first)}), last=last)


def whole_form(surface: str) -> str:
    """A Russian name in the nominative; other names as they are, without capitals with them."""
    if not CYRILLIC.search(surface):
        return surface if any(letter.isupper() for letter in surface) and not surface.isupper() else surface.title()
    mention = parsed(surface)
    words = [word.lower() for word in TOKEN.findall(surface) if len(word) > 1]
    gender = _gender(words)
    return TOKEN.sub(lambda match: _nominative(match.group(), mention, gender), surface)


def _gender(words: list[str]) -> str:
    """The gender of a name, by its patronymic or its first name; empty when both are possible."""
    for grammeme, share in (("Patr", "patronymic"), ("Name", "first")):
        for word in words:
            found = genders(word, grammeme) & {"masc", "femn"}
            if len(found) == 1 and getattr(reading(word), share) > 0.3:
                return next(iter(found))
    return ""


def _nominative(word: str, mention: Mention, gender: str) -> str:
    low = word.lower()
    if len(word) == 1:
        return word.upper()
    found = reading(low)
    kinds = {"Patr": found.patronymic, "Name": found.first if mention.first else 0.0, "Surn": found.surname}
    grammeme = max(kinds, key=lambda kind: kinds[kind])
    if kinds[grammeme] < 0.1:
        if found.part == "ADJF" and gender:
            return nominative(word, "ADJF", gender)
        return nominative(word, "NOUN", gender) if found.part == "NOUN" and not found.known else word
    return nominative(word, grammeme, gender)
