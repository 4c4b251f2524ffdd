"""Long recordings in pieces: cut where it is quiet, nothing heard twice and nothing left out."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest

from inference.speech.audio import RATE, Recording
from inference.speech.turns import Segment, Word
from inference.speech.windows import Decoded, Window, choose, cut, digest, shifted

MINUTES = 60


def noise(seconds: float, pauses: list[float], channels: int = 1) -> Recording:
    """Noise with half a second of near silence around each of some moments."""
    chance = np.random.default_rng(1)
    samples = chance.integers(-8000, 8000, size=(channels, int(seconds * RATE)), dtype=np.int16)
    for moment in pauses:
        samples[:, int((moment - 0.25) * RATE) : int((moment + 0.25) * RATE)] //= 400
    return Recording(samples)


def windows(recording: Recording, length: float) -> list[Window]:
    found, start = [], 0.0
    while not found or not found[-1].last:
        found.append(choose(recording, start, length))
        start = found[-1].end
    return found


def test_a_long_recording_is_cut_in_its_pauses_and_whole_when_put_together() -> None:
    recording = noise(10 * MINUTES, [110, 251, 365])
    pieces = windows(recording, 120)
    assert [round(piece.end) for piece in pieces[:3]] == [110, 251, 365]
    assert pieces[0].start == 0.0
    assert all(a.end == b.start for a, b in itertools.pairwise(pieces))
    assert pieces[-1].end == recording.duration
    together = np.concatenate([cut(recording, piece).samples for piece in pieces], axis=1)
    assert together.shape == recording.samples.shape


def test_a_pause_counts_when_both_sides_are_silent() -> None:
    recording = noise(300, [], channels=2)
    recording.samples[0, int(100 * RATE) : int(101 * RATE)] = 0  # only one side pauses
    recording.samples[:, int(130 * RATE) : int(131 * RATE)] = 0
    assert round(choose(recording, 0.0, 120).end, 0) in (130, 131)


@pytest.mark.parametrize(("seconds", "start"), [(20, 0.0), (170, 0.0), (400, 240.0), (400, 400.0), (400, 900.0)])
def test_what_is_little_more_than_a_piece_is_heard_at_once(seconds: float, start: float) -> None:
    piece = choose(noise(seconds, []), start, 120)
    assert (piece.start, piece.end, piece.last) == (min(start, seconds), seconds, True)


def test_a_piece_is_never_too_short_to_be_understood() -> None:
    assert choose(noise(300, []), 0.0, 0.1).end >= 20


def test_times_count_from_the_start_of_the_recording() -> None:
    word = Word(word=" yes", start=1.25, end=1.5, probability=0.9)
    said = Segment(start=1.25, end=2.0, text="yes", channel=1, avg_logprob=0.0, no_speech_prob=0.0, words=(word,))
    (moved,) = shifted([said], 240.07)
    assert (moved.start, moved.end, moved.channel) == (241.32, 242.07, 1)
    assert (moved.words[0].start, moved.words[0].end, moved.words[0].word) == (241.32, 241.57, " yes")


def test_that_the_end_is_missing_is_said_of_the_last_piece_alone() -> None:
    broken = Recording(noise(300, []).samples, damaged=True)
    assert [cut(broken, piece).damaged for piece in windows(broken, 60)][-2:] == [False, True]


def test_what_was_decoded_stays_at_hand_by_its_content() -> None:
    kept, file = Decoded(), io.BytesIO(b"a recording")
    key = digest(file)
    assert file.tell() == 0
    recording = noise(1, [])
    kept.keep(key, recording)
    assert kept.take(digest(io.BytesIO(b"a recording"))) is recording
    assert kept.take(digest(io.BytesIO(b"another"))) is None
    kept.drop(key)
    assert kept.take(key) is None
