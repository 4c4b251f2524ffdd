"""Recordings made on the spot: tones in one or two channels, in any format that the decoder must read."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

RATE = 16_000
FORMATS = {
    "wav": ("wav", "pcm_s16le"),
    "mp3": ("mp3", "libmp3lame"),
    "ogg": ("ogg", "libopus"),
    "m4a": ("mp4", "aac"),
    "flac": ("flac", "flac"),
}
ENCODER_FRAME = 960


def tone(seconds: float, hertz: float, *, on: tuple[float, float] = (0.0, 1e9)) -> NDArray[np.int16]:
    """A tone that sounds between two moments and is quiet elsewhere."""
    times = np.arange(int(seconds * RATE)) / RATE
    wave = np.sin(2 * np.pi * hertz * times) * 9000
    return np.where((times >= on[0]) & (times < on[1]), wave, 0).astype(np.int16)


def encoded(channels: list[NDArray[np.int16]], kind: str = "wav", rate: int = RATE) -> bytes:
    """The bytes of a recording with these channels."""
    container_name, codec = FORMATS[kind]
    layout = "stereo" if len(channels) == 2 else "mono"
    file = io.BytesIO()
    with av.open(file, "w", format=container_name) as container:
        stream = container.add_stream(codec, rate=48_000 if codec == "libopus" else rate, layout=layout)
        resampler = av.AudioResampler(stream.format, layout, stream.rate, frame_size=ENCODER_FRAME)
        frame = av.AudioFrame.from_ndarray(np.stack(channels, axis=1).reshape(1, -1), format="s16", layout=layout)
        frame.rate, frame.time_base = rate, Fraction(1, rate)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return file.getvalue()
