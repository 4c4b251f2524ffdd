"""What the anonymiser finds of the labelled sentences: the floors under which it may not fall."""

import json
from collections import Counter

import pytest

from inference.anonymise import CLASSES
from tests.inference.anonymise.scoring import DATA, LANGUAGES, score, sentences

LABELLED = CLASSES[:15]
LEAST_RECALL = 0.95
LEAST_PRECISION = 0.9
LEAST_SENTENCES = 300
LEAST_SPANS = 25
OTHERS_LEAST_SENTENCES = 120
OTHERS_LEAST_SPANS = 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_class_is_found_and_little_else(language):
    total = score(language)
    missed = {kind: round(total.recall(kind), 3) for kind in LABELLED if total.recall(kind) < LEAST_RECALL}
    wrong = {kind: round(total.precision(kind), 3) for kind in LABELLED if total.precision(kind) < LEAST_PRECISION}
    assert (missed, wrong) == ({}, {})


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_may_be_guessed_or_told(language):
    told, guessed = score(language, told=language), score(language)
    assert sum(told.masked.values()) >= 0.98 * sum(guessed.masked.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_class_is_found_in_the_sentences_of_another_author(language):
    total = score(f"heldout_{language}", ["independent"])
    missed = {kind: round(total.recall(kind), 3) for kind in LABELLED if total.recall(kind) < LEAST_RECALL}
    wrong = {kind: round(total.precision(kind), 3) for kind in LABELLED if total.precision(kind) < LEAST_PRECISION}
    assert (missed, wrong) == ({}, {})
    assert min(total.labelled[kind] for kind in LABELLED) >= OTHERS_LEAST_SPANS
    assert len((DATA / f"heldout_{language}.jsonl").read_text(encoding="utf-8").splitlines()) >= OTHERS_LEAST_SENTENCES


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_set_is_large_and_its_places_are_right(language):
    counts = Counter(kind for sentence in sentences(language) for _, _, kind in sentence.spans)
    assert min(counts[kind] for kind in LABELLED) >= LEAST_SPANS
    assert sum(1 for _ in sentences(language)) >= LEAST_SENTENCES
    for line in (DATA / f"{language}.jsonl").read_text(encoding="utf-8").splitlines():
        found = json.loads(line)
        assert all(found["text"][span["start"] : span["end"]] == span["text"] for span in found["spans"])
