"""Decoding with PyAV to 16 kHz, and the question whether two channels are two speakers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import av
import av.audio
import av.error
import numpy as np
from numpy.typing import NDArray

from inference.speech.problems import EmptyRecording, RecordingTooLong, UndecodableRecording

RATE = 16_000
FULL_SCALE = 32_768.0
TWO_CHANNELS = 2
# The demuxers that read sound alone: a playlist or a text "video" must not make the decoder open other files.
FORMATS = "wav,w64,aiff,mp3,ogg,flac,mov,matroska,aac,amr,asf"
# Titles and names in another alphabet's bytes are nobody's business here; from PyAV 19 on they never stop the decoder.
LENIENT: dict[str, Any] = {} if int(av.__version__.partition(".")[0]) >= 19 else {"metadata_errors": "ignore"}
READABLE = "wav, mp3, ogg or opus, m4a, flac, webm, amr and wma"
ENVELOPE_SAMPLES = 800
SAME_DIFFERENCE = 0.25
SAME_ENVELOPE = 0.85
SILENT_RATIO = 0.003

Samples = NDArray[np.int16]
Sound = NDArray[np.float32]


@dataclass(frozen=True)
class Recording:
    """A decoded recording: one row of 16-bit samples a channel, at 16 kHz. Damaged: its end could not be read."""

    samples: Samples
    damaged: bool = False

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return float(self.samples.shape[1] / RATE)

    def channel(self, index: int) -> Sound:
        """Return one channel as the recogniser takes it: floats from -1 to 1."""
        sound: Sound = np.multiply(self.samples[index], np.float32(1 / FULL_SCALE), dtype=np.float32)
        return sound

    def mix(self) -> Sound:
        """Return the mean of the channels as floats from -1 to 1."""
        if self.samples.shape[0] == 1:
            return self.channel(0)
        total = self.samples.sum(axis=0, dtype=np.int32)
        scale = np.float32(1 / (FULL_SCALE * self.samples.shape[0]))
        sound: Sound = np.multiply(total, scale, dtype=np.float32)
        return sound


def _frames(container: Any) -> Iterator[Any]:
    """Yield the frames of the first audio stream; single damaged packets are skipped, as players do."""
    for packet in container.demux(audio=0):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue


def _samples(piece: Any, channels: int) -> Samples:
    """Return the samples of one resampled frame, one row a moment."""
    samples: Samples = piece.to_ndarray().reshape(-1, channels)
    return samples


def _pieces(container: Any, layout: str) -> Iterator[Samples]:
    """Yield resampled pieces of shape (samples, channels)."""
    channels = TWO_CHANNELS if layout == "stereo" else 1
    resampler = av.audio.resampler.AudioResampler(format="s16", layout=layout, rate=RATE)
    for frame in _frames(container):
        frame.pts = None  # Broken clocks are common in recordings of switchboards; the samples are what counts.
        for piece in resampler.resample(frame):
            yield _samples(piece, channels)
    for piece in resampler.resample(None):
        yield _samples(piece, channels)


def _gather(container: Any, layout: str, max_seconds: float) -> tuple[Samples, bool]:
    """Decode to the end, to the first fatal damage, or until the recording proves too long."""
    pieces: list[Samples] = []
    total, damaged = 0, False
    try:
        for piece in _pieces(container, layout):
            pieces.append(piece)
            total += len(piece)
            if total > max_seconds * RATE:
                message = f"The recording is longer than {max_seconds / 60:.0f} minutes."
                raise RecordingTooLong(message)
    except (av.error.FFmpegError, ValueError):
        damaged = True
    if not total:
        return np.empty((1, 0), dtype=np.int16), damaged
    return np.ascontiguousarray(np.concatenate(pieces).T), damaged


def decode(file: BinaryIO, *, max_seconds: float) -> Recording:
    """Decode a recording. Raises a RecordingProblem when it is empty, unreadable or too long."""
    if not file.read(1):
        message = "The file is empty. Upload the recording again."
        raise EmptyRecording(message)
    file.seek(0)
    options = {"format_whitelist": FORMATS, "protocol_whitelist": ""}
    unreadable = f"This file is not a recording that can be read. Formats that can: {READABLE}."
    try:
        container = av.open(file, mode="r", options=options, **LENIENT)
    except (av.error.FFmpegError, ValueError) as error:
        raise UndecodableRecording(unreadable) from error
    with container:
        if not container.streams.audio:
            raise UndecodableRecording(unreadable)
        stereo = container.streams.audio[0].channels == TWO_CHANNELS
        samples, damaged = _gather(container, "stereo" if stereo else "mono", max_seconds)
    if not samples.shape[1]:
        if damaged:
            raise UndecodableRecording(unreadable)
        message = "The recording holds no sound: it is 0 seconds long."
        raise EmptyRecording(message)
    return Recording(samples, damaged)


def loudness(channel: Samples) -> NDArray[np.float32]:
    """Return the loudness of every 50 ms: root mean square, in units of one sample step."""
    whole = len(channel) // ENVELOPE_SAMPLES * ENVELOPE_SAMPLES
    blocks = channel[:whole].reshape(-1, ENVELOPE_SAMPLES)
    squares = np.einsum("ij,ij->i", blocks, blocks, dtype=np.float32, casting="unsafe")
    power: NDArray[np.float32] = np.sqrt(squares / ENVELOPE_SAMPLES)
    return power


def speaks_apart(recording: Recording) -> bool:
    """Tell whether two channels hold two sides of a call, and not one sound twice or one side and nothing."""
    if recording.samples.shape[0] != TWO_CHANNELS or recording.samples.shape[1] < ENVELOPE_SAMPLES:
        return False
    left, right = recording.samples
    loud = [loudness(left), loudness(right)]
    means = [float(np.sqrt(np.mean(np.square(side)))) for side in loud]
    if min(means) <= SILENT_RATIO * max(means) or min(means) < 1.0:
        return False
    difference = (left.astype(np.int32) - right).astype(np.float32)
    apart = float(np.sqrt(np.mean(np.square(difference))))
    if apart < SAME_DIFFERENCE * (means[0] + means[1]):
        return False
    return float(np.corrcoef(loud[0], loud[1])[0, 1]) < SAME_ENVELOPE
