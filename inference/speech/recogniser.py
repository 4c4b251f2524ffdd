"""The speech model: voice activity first, then words with times, in pieces that bound its memory."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.vad import SpeechTimestampsMap, VadOptions, get_speech_timestamps

from inference.speech.audio import RATE, Recording, Sound, speaks_apart
from inference.speech.cleaning import is_invented
from inference.speech.hints import is_misled
from inference.speech.turns import Segment, Word, merge, split_at_pauses
from inference.speech.windows import Window, cut, shifted

# What is recognised at once, and once more where hot words misled the model.
PIECE_SECONDS = 120
LANGUAGE_SECONDS = 30
PREFERRED_SHARE = 0.3
HOTWORDS_MAX_CHARACTERS = 500
VAD = VadOptions(min_silence_duration_ms=500, speech_pad_ms=300)

Chunk = dict[str, int]
Stopped = Callable[[], bool]

log = logging.getLogger("ostrov.speech")


class Abandoned(Exception):
    """The asker went away; nobody waits for this transcript."""


@dataclass(frozen=True)
class Wish:
    """What the caller knows about a recording and how the answer should be laid out."""

    language: str | None = None
    prompt: str | None = None
    hotwords: str | None = None
    separate: bool = True


@dataclass(frozen=True)
class Transcript:
    """What was said; without speech the language is None.

    `channels` tells how many were read apart, `damaged` that the end of the file was missing, `window` which piece of
    a longer recording it is: `duration` is that of the whole.
    """

    language: str | None
    language_probability: float
    duration: float
    channels: int
    segments: list[Segment]
    damaged: bool
    window: Window | None = None


def _pieces(chunks: Sequence[Chunk]) -> Iterator[list[Chunk]]:
    """Group stretches of speech into pieces of at most PIECE_SECONDS."""
    piece: list[Chunk] = []
    length = 0
    for chunk in chunks:
        samples = chunk["end"] - chunk["start"]
        if piece and length + samples > PIECE_SECONDS * RATE:
            yield piece
            piece, length = [], 0
        piece.append(chunk)
        length += samples
    if piece:
        yield piece


def _gathered(sound: Sound, chunks: Iterable[Chunk]) -> Sound:
    """Return the sound of some stretches, silence between them left out."""
    return np.concatenate([sound[chunk["start"] : chunk["end"]] for chunk in chunks])


def _loudness(sound: Sound, start: float, end: float) -> float:
    """Return the mean power of a stretch given in seconds."""
    stretch = sound[int(start * RATE) : max(int(end * RATE), int(start * RATE) + 1)]
    return float(np.mean(np.square(stretch))) if len(stretch) else 0.0


class Recogniser:
    """A loaded Whisper model. Calls compute with every thread, so they take turns outside."""

    def __init__(self, model: Path, *, threads: int, beam_size: int, preferred: Sequence[str]) -> None:
        """Load the model; `preferred` languages win over a neighbour that is only a little more likely."""
        self._model = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=threads)
        self._beam_size = beam_size
        self._preferred = tuple(preferred)

    def transcribe_window(
        self, recording: Recording, window: Window, wish: Wish, stopped: Stopped = bool
    ) -> Transcript:
        """Recognise a piece of a recording, whose channels are two speakers where they are so in the whole."""
        apart = wish.separate and speaks_apart(recording)
        found = self._heard(cut(recording, window), wish, stopped, apart=apart)
        return replace(
            found, duration=recording.duration, segments=shifted(found.segments, window.start), window=window
        )

    def transcribe(self, recording: Recording, wish: Wish, stopped: Stopped = bool) -> Transcript:
        """Recognise a recording. Raises Abandoned as soon as `stopped()` says that nobody waits."""
        return self._heard(recording, wish, stopped, apart=wish.separate and speaks_apart(recording))

    def _heard(self, recording: Recording, wish: Wish, stopped: Stopped, *, apart: bool) -> Transcript:
        sounds = [recording.channel(0), recording.channel(1)] if apart else [recording.mix()]
        speech = [get_speech_timestamps(sound, VAD) for sound in sounds]
        language, probability = self._language(sounds, speech, wish.language)
        known = replace(wish, language=language)
        sides = [
            [
                replace(segment, channel=index if apart else None)
                for segment in self._side(sound, chunks, known, stopped)
            ]
            for index, (sound, chunks) in enumerate(zip(sounds, speech, strict=True))
        ]
        return Transcript(
            language=language,
            language_probability=probability,
            duration=recording.duration,
            channels=len(sounds),
            segments=merge(sides),
            damaged=recording.damaged,
        )

    def _language(self, sounds: list[Sound], speech: list[list[Chunk]], asked: str | None) -> tuple[str | None, float]:
        """Return the language of the call and its probability, judged once on the channel with most speech."""
        amounts = [sum(chunk["end"] - chunk["start"] for chunk in chunks) for chunks in speech]
        most = int(np.argmax(amounts))
        if not amounts[most]:
            return None, 0.0
        supported = self._model.supported_languages
        if asked in supported or len(supported) == 1:
            return asked if asked in supported else supported[0], 1.0
        sample = _gathered(sounds[most], next(_pieces(speech[most])))[: LANGUAGE_SECONDS * RATE]
        _, _, ranked = self._model.detect_language(audio=sample)
        best, probability = ranked[0]
        for language, chance in ranked:
            if language in self._preferred and chance >= PREFERRED_SHARE * probability:
                return language, float(chance)
        return best, float(probability)

    def _side(self, sound: Sound, chunks: list[Chunk], wish: Wish, stopped: Stopped) -> Iterator[Segment]:
        """Yield the clean segments of one channel, split where its speaker paused."""
        for piece in _pieces(chunks):
            heard = _gathered(sound, piece)
            found = self._recognised(heard, wish, stopped)
            if wish.hotwords and is_misled(_spoken(found), len(heard) / RATE, wish.hotwords):
                log.info("hotwords.dropped seconds=%d", len(heard) // RATE)
                found = self._recognised(heard, replace(wish, hotwords=None), stopped)
            times = SpeechTimestampsMap(piece, RATE)
            for raw in found:
                for segment in split_at_pauses(_placed(raw, times, sound)):
                    if not _invented(segment):
                        yield segment

    def _recognised(self, heard: Sound, wish: Wish, stopped: Stopped) -> list[Any]:
        """Recognise speech without its silences; times count from its start."""
        found, _ = self._model.transcribe(
            heard,
            language=wish.language,
            beam_size=self._beam_size,
            word_timestamps=True,
            condition_on_previous_text=False,
            initial_prompt=wish.prompt,
            hotwords=wish.hotwords,
        )
        segments = []
        for segment in found:
            if stopped():
                raise Abandoned
            segments.append(segment)
        return segments


def _spoken(found: Iterable[Any]) -> list[tuple[str, list[Any]]]:
    """Text and words of each recognised segment."""
    return [(segment.text, segment.words or []) for segment in found]


def _placed(raw: Any, times: SpeechTimestampsMap, sound: Sound) -> Segment:
    """Put a recognised segment back to where it lies in the recording."""
    words = tuple(_placed_word(word, times) for word in raw.words or ())
    start = words[0].start if words else times.get_original_time(raw.start)
    end = words[-1].end if words else times.get_original_time(raw.end, is_end=True)
    return Segment(
        start=start,
        end=end,
        text=raw.text.strip(),
        channel=None,
        avg_logprob=round(raw.avg_logprob, 4),
        no_speech_prob=round(raw.no_speech_prob, 4),
        words=words,
        loudness=_loudness(sound, start, end),
    )


def _placed_word(word: Any, times: SpeechTimestampsMap) -> Word:
    """Put a word back to where it lies; both its ends stay in the stretch of speech that holds its middle."""
    stretch = times.get_chunk_index((word.start + word.end) / 2)
    return Word(
        word=word.word,
        start=times.get_original_time(float(word.start), stretch),
        end=times.get_original_time(float(word.end), stretch),
        probability=round(float(word.probability), 4),
    )


def _invented(segment: Segment) -> bool:
    """Tell whether the model made this segment up."""
    return is_invented(
        segment.text,
        avg_logprob=segment.avg_logprob,
        no_speech_prob=segment.no_speech_prob,
        word_probabilities=[word.probability for word in segment.words],
    )
