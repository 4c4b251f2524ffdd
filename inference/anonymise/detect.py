"""Runs every recogniser over a text: patterns over all of it, names sentence by sentence, a model where needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from inference.anonymise import (
    account,
    address,
    address_en,
    bank_card,
    birth_date,
    brands,
    context,
    contract_number,
    driver_licence,
    email,
    handle,
    iban,
    inn,
    ner,
    ogrn,
    organisation,
    organisation_en,
    passport,
    person_en,
    person_ru,
    phone,
    signature,
    snils,
    spoken,
)
from inference.anonymise.doubt import acceptable, doubtful
from inference.anonymise.segments import CYRILLIC, Segment, segments
from inference.anonymise.spans import Found, Language

WHOLE_TEXT: Final[tuple[Callable[[str], list[Found]], ...]] = (
    account.find,
    address.find,
    address_en.find,
    bank_card.find,
    birth_date.find,
    brands.find,
    contract_number.find,
    driver_licence.find,
    email.find,
    handle.find,
    iban.find,
    inn.find,
    ogrn.find,
    passport.find,
    phone.find,
    signature.find,
    snils.find,
    spoken.find,
)
RUSSIAN: Final = (person_ru.find, organisation.find)
ENGLISH: Final = (person_en.find, organisation_en.find)
NAMED: Final = frozenset({"person", "organisation"})
LATIN_WORD = re.compile(r"[A-Za-z]{2}")
MOST_REMEMBERED: Final = 4096


class Detector:
    """Finds personal data in the texts of one run; sentences that come again, as in quoted mail, are remembered."""

    def __init__(self, language: Language | None, classes: frozenset[str]) -> None:
        """With no language each sentence is read in its own."""
        self._language = language
        self._classes = classes
        self._remembered: dict[tuple[str, Language], list[Found]] = {}

    def find(self, text: str) -> list[Found]:
        """What the recognisers of the asked classes report; finds may overlap."""
        try:
            found = [item for recogniser in WHOLE_TEXT for item in recogniser(text)]
        finally:
            context.forget()
        if self._classes & NAMED:
            found += self._names(text, found)
        return [item for item in found if item.kind in self._classes]

    def _names(self, text: str, others: Sequence[Found]) -> list[Found]:
        """People and organisations."""
        found: list[Found] = []
        waiting: dict[Language, list[Segment]] = {"ru": [], "en": []}
        places = Places(others)
        for segment in segments(text, self._language or "en", mixed=self._language is None):
            known = self._remembered.get((segment.text, segment.language))
            if known is not None:
                found += _moved(known, segment.start)
                continue
            here = _by_rules(segment)
            if doubtful(segment, [*here, *places.within(segment)]):
                waiting[segment.language].append(segment)
            self._remember(segment, here)
            found += here
        for language, doubted in waiting.items():
            found += self._by_model(doubted, language)
        return found

    def _by_model(self, doubted: Sequence[Segment], language: Language) -> list[Found]:
        """What the model of a language finds in the sentences that the rules left in doubt."""
        found: list[Found] = []
        texts = [_in_title_case(segment) for segment in doubted]
        for segment, items in zip(doubted, ner.tagged(texts, language), strict=True):
            more = [item for item in items if acceptable(segment, item)]
            self._remembered.setdefault((segment.text, language), []).extend(more)
            found += _moved(more, segment.start)
        return found

    def _remember(self, segment: Segment, found: Sequence[Found]) -> None:
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[segment.text, segment.language] = _moved(found, -segment.start)


class Places:
    """Finds in order, so that those inside a sentence are quick to get as long as sentences come in order."""

    def __init__(self, found: Sequence[Found]) -> None:
        self._found = sorted(found, key=lambda item: item.start)
        self._next = 0

    def within(self, segment: Segment) -> list[Found]:
        """The finds that start inside a sentence."""
        inside: list[Found] = []
        end = segment.start + len(segment.text)
        while self._next < len(self._found) and self._found[self._next].start < end:
            if self._found[self._next].start >= segment.start:
                inside.append(self._found[self._next])
            self._next += 1
        return inside


def _by_rules(segment: Segment) -> list[Found]:
    """What dictionaries and patterns find, for each script that the sentence has."""
    recognisers = (
        *(RUSSIAN if CYRILLIC.search(segment.text) else ()),
        *(ENGLISH if LATIN_WORD.search(segment.text) else ()),
    )
    return [item for recogniser in recognisers for item in recogniser(segment)]


def _in_title_case(segment: Segment) -> str:
    """What the model reads: words of a shouted sentence get small letters after the first."""
    if segment.casing != "upper":
        return segment.text
    title = segment.text.title()
    return title if len(title) == len(segment.text) else segment.text


def _moved(found: Sequence[Found], by: int) -> list[Found]:
    return [replace(item, start=item.start + by, end=item.end + by) for item in found]
