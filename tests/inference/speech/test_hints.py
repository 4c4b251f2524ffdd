"""When the names to listen for have misled the speech model."""

from dataclasses import dataclass

import pytest

from inference.speech.hints import is_misled, is_read_out, longest_gap

HINTS = "Анна Смирнова, Пётр Орлов, PX-200"


@dataclass(frozen=True)
class Word:
    start: float
    end: float
    probability: float = 0.9


def words(*starts: float, seconds: float = 0.4) -> list[Word]:
    return [Word(start, start + seconds) for start in starts]


@pytest.mark.parametrize(
    ("text", "probabilities", "read_out"),
    [
        ("Смирнова, Смирнова, Пётр Орлов,", [0.0, 0.47, 0.2, 0.01], True),
        ("Смирова, Смирова", [0.8, 0.8], True),
        ("PX-200 PX-200 PX-200", [0.9] * 6, True),
        ("Пётр Орлов.", [0.9, 0.85], False),
        ("Это Пётр Орлов", [0.2, 0.1, 0.1], False),
        ("Орлов", [0.1], False),
    ],
)
def test_names_that_are_only_read_out_are_told_from_names_that_were_said(text, probabilities, read_out):
    assert is_read_out(text, HINTS, probabilities) is read_out


def test_nothing_is_read_out_without_hints():
    assert not is_read_out("да да", "", [0.1, 0.1])


@pytest.mark.parametrize(
    ("spoken", "length", "gap"),
    [
        (words(0.0, 0.5, 1.0), 1.6, 0.2),
        (words(0.0, 5.0), 5.6, 4.6),
        (words(3.0), 3.4, 3.0),
        (words(0.0), 9.0, 8.6),
        ([], 4.0, 4.0),
        ([Word(0.0, 7.0)], 7.0, 5.5),  # one word over seven seconds: what followed it was left out
    ],
)
def test_the_longest_time_without_a_word_counts_ends_and_stretched_words(spoken, length, gap):
    assert longest_gap(spoken, length) == pytest.approx(gap)


def test_a_sentence_that_was_left_out_or_a_name_read_out_shows_that_the_hints_misled():
    whole = [("We need twenty pumps.", words(0.0, 0.5, 1.0, 1.5))]
    assert not is_misled(whole, 2.0, HINTS)
    assert is_misled(whole, 8.0, HINTS)
    assert is_misled([*whole, ("Орлов Орлов", words(2.0, 2.5))], 3.0, HINTS)
