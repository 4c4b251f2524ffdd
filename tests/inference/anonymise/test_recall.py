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
OTHERS = {"heldout": "independent", "third": "third"}
OTHERS_LEAST_SENTENCES = 150
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
@pytest.mark.parametrize("name", OTHERS)
def test_every_class_is_found_in_sentences_that_were_written_without_knowing_the_rules(name, language):
    total = score(f"{name}_{language}", [OTHERS[name]])
    missed = {kind: round(total.recall(kind), 3) for kind in LABELLED if total.recall(kind) < LEAST_RECALL}
    wrong = {kind: round(total.precision(kind), 3) for kind in LABELLED if total.precision(kind) < LEAST_PRECISION}
    assert (missed, wrong) == ({}, {})
    assert min(total.labelled[kind] for kind in LABELLED) >= OTHERS_LEAST_SPANS
    assert len(places_are_right(f"{name}_{language}")) >= OTHERS_LEAST_SENTENCES


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_small_set_has_too_few_of_a_class_to_count_it_alone(language):
    total = score(f"fourth_{language}", ["fourth"])
    assert sum(total.masked.values()) >= LEAST_RECALL * sum(total.labelled.values()), total.errors
    assert sum(total.right.values()) >= LEAST_RECALL * sum(total.reported.values()), total.errors
    assert set(total.labelled) == set(LABELLED)
    assert places_are_right(f"fourth_{language}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_set_is_large_and_its_places_are_right(language):
    counts = Counter(kind for sentence in sentences(language) for _, _, kind in sentence.spans)
    assert min(counts[kind] for kind in LABELLED) >= LEAST_SPANS
    assert sum(1 for _ in sentences(language)) >= LEAST_SENTENCES
    assert places_are_right(language)


def places_are_right(name):
    """The lines of a set, each of whose spans holds the text that it says."""
    found = [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    for line in found:
        assert all(line["text"][span["start"] : span["end"]] == span["text"] for span in line["spans"])
    return found
