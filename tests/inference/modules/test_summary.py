"""The summary's sentences are whole."""

from inference.modules.call_card.summary import _whole
from inference.modules.call_card.view import SENTENCE_LIMIT


def test_a_sentence_that_the_limit_cut_off_is_left_out() -> None:
    first = "The compressor is broken again."
    text = f"{first} The company will send an enginee".ljust(SENTENCE_LIMIT, "r")
    assert _whole(text) == first


def test_a_single_sentence_that_was_cut_off_is_not_shown_at_all() -> None:
    assert _whole("word " * (SENTENCE_LIMIT // 5)) == ""


def test_a_short_sentence_without_a_full_stop_is_kept() -> None:
    assert _whole("The client calls back") == "The client calls back"
