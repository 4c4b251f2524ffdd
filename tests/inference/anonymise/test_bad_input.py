"""Hostile and broken text: never a crash, never more than linear time."""

import time

import pytest

from inference.anonymise import Masker

LONGEST_SECONDS = 60


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\n",
        "\x00\x01\x02",
        "\ufeff",
        "\u202eабв\u202c 123",
        "💥" * 50,
        "[",
        "[PERSON_",
        "]" * 100,
        "\ud800",
        "\u0301",
        "а" * 5000,
        "1" * 5000,
    ],
)
def test_any_text_goes_through_and_comes_back(text):
    masker = Masker()
    assert masker.restore(masker.mask(text).text) == text


@pytest.mark.parametrize(
    "piece",
    [
        "1 ",
        "(1) ",
        "A",
        "А. ",
        "Иван ",
        "d. ",
        "ул. ",
        "a.",
        "a@",
        "4-",
        "one ",
        "сто ",
        "Mr. ",
        "[",
        "[person_",
        "№ ",
        "GB12 ",
        "\u0301",
        "Born ",
        "договор ",
    ],
)
def test_the_time_grows_with_the_length_and_no_faster(piece):
    started = time.perf_counter()
    Masker().mask(piece * (60_000 // len(piece)))
    assert time.perf_counter() - started < LONGEST_SECONDS
