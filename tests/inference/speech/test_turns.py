"""Turns: split where somebody paused, merged in the order of time, without echoes."""

from hypothesis import given
from hypothesis import strategies as st

from inference.speech.turns import Segment, Word, merge, split_at_pauses


def segment(text, start, *, channel=0, loudness=1.0, pause_after=None, pause=2.0):
    words, now = [], start
    for index, word in enumerate(text.split()):
        words.append(Word(f" {word}", now, now + 0.3, 0.9))
        now += 0.3 + (pause if index == pause_after else 0.05)
    return Segment(start, words[-1].end, text, channel, -0.2, 0.1, tuple(words), loudness)


def test_a_segment_is_split_where_its_speaker_was_silent():
    first, second = split_at_pauses(segment("good morning yes of course", 0, pause_after=1))
    assert (first.text, second.text) == ("good morning", "yes of course")
    assert (first.end, second.start) == (first.words[-1].end, second.words[0].start)


def test_a_short_pause_splits_only_after_a_sentence():
    assert len(split_at_pauses(segment("Good morning. How are you", 0, pause_after=1, pause=0.5))) == 2
    assert len(split_at_pauses(segment("Good morning and how are you", 0, pause_after=1, pause=0.5))) == 1


def test_the_first_word_of_a_sentence_does_not_stay_behind_a_pause():
    before, after = split_at_pauses(segment("Forty thousand. My phone number is", 0, pause_after=2))
    assert (before.text, after.text) == ("Forty thousand.", "My phone number is")
    assert after.words[0].end == after.words[1].start


def test_a_segment_without_words_stays_whole():
    bare = Segment(0, 5, "text", None, -0.2, 0.1)
    assert split_at_pauses(bare) == [bare]


def test_both_sides_are_merged_in_the_order_of_time():
    client = [segment("hello", 2, channel=0), segment("twelve pumps", 6, channel=0)]
    colleague = [segment("good morning", 0, channel=1), segment("of course", 9, channel=1)]
    assert [found.channel for found in merge([client, colleague])] == [1, 0, 0, 1]


def test_an_echo_of_one_side_in_the_other_is_left_out():
    voice = segment("we would like twelve pumps", 3, channel=0, loudness=0.1)
    echo = segment("would like twelve pumps", 3.2, channel=1, loudness=0.001)
    assert merge([[voice], [echo]]) == [voice]


def test_both_sides_may_say_the_same_short_word_at_once():
    yes = [segment("yes", 3, channel=0, loudness=0.1), segment("yes", 3, channel=1, loudness=0.05)]
    assert merge([[yes[0]], [yes[1]]]) == yes


@given(st.lists(st.tuples(st.floats(0.05, 1), st.floats(0, 4)), min_size=1, max_size=40))
def test_splitting_neither_loses_nor_moves_a_word(lengths):
    words, now = [], 0.0
    for length, pause in lengths:
        words.append(Word(" W", now, now + length, 0.5))
        now += length + pause
    whole = Segment(0, now, "w", 0, -0.2, 0.1, tuple(words))
    pieces = split_at_pauses(whole)
    assert [word for piece in pieces for word in piece.words] == words
    assert all(piece.start == piece.words[0].start and piece.end == piece.words[-1].end for piece in pieces)
