"""Decoding: every format that people send, and everything that is no recording."""

import io
import wave

import pytest

from inference.speech.audio import decode, speaks_apart
from inference.speech.problems import EmptyRecording, RecordingTooLong, UndecodableRecording
from tests.inference.sounds import FORMATS, encoded, tone

CLIENT = tone(4, 300, on=(0, 2))
COLLEAGUE = tone(4, 700, on=(2, 4))


def decoded(data, seconds=60):
    return decode(io.BytesIO(data), max_seconds=seconds)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("count", [1, 2])
def test_every_format_is_decoded_with_its_channels_and_length(kind, count):
    recording = decoded(encoded([CLIENT, COLLEAGUE][:count], kind))
    assert recording.samples.shape[0] == count
    assert recording.duration == pytest.approx(4, abs=0.15)
    assert not recording.damaged


def test_a_telephone_recording_of_8_khz_keeps_its_length():
    assert decoded(encoded([CLIENT[::2]], "wav", rate=8000)).duration == pytest.approx(4, abs=0.05)


def test_the_sound_is_floats_of_one():
    recording = decoded(encoded([CLIENT, COLLEAGUE]))
    assert recording.channel(0).dtype == recording.mix().dtype == "float32"
    assert 0.2 < abs(recording.channel(0)).max() < 0.35
    assert abs(recording.mix()).max() == pytest.approx(abs(recording.channel(0)).max() / 2, rel=0.02)


@pytest.mark.parametrize(
    "data",
    [
        b"this is a text, whatever its name says\n" * 50,
        b"#EXTM3U\n#EXTINF:10,\n/etc/hostname\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        b"%PDF-1.7\n" + b"0" * 500,
        b"\x00" * 5000,
        b"RIFF\x24\xf0\x00\x00WAVEfmt ",
    ],
    ids=["text", "playlist", "list of files", "pdf", "zeros", "head alone"],
)
def test_what_is_no_recording_is_refused_with_the_formats_that_can_be_read(data):
    with pytest.raises(UndecodableRecording, match="m4a"):
        decoded(data)


def test_a_file_without_bytes_is_empty():
    with pytest.raises(EmptyRecording):
        decoded(b"")


def test_a_recording_of_no_length_is_empty():
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 8000, 0, "NONE", ""))
    with pytest.raises(EmptyRecording):
        decoded(file.getvalue())


def test_a_recording_that_is_too_long_is_refused():
    with pytest.raises(RecordingTooLong, match="longer than"):
        decoded(encoded([CLIENT]), seconds=3)


@pytest.mark.parametrize("kind", ["mp3", "wav", "ogg"])
def test_a_truncated_recording_gives_what_there_is(kind):
    data = encoded([CLIENT], kind)
    assert 0.5 < decoded(data[: len(data) * 6 // 10]).duration < 3.5


def test_two_sides_of_a_call_are_told_apart():
    assert speaks_apart(decoded(encoded([CLIENT, COLLEAGUE], "ogg")))


@pytest.mark.parametrize(
    "channels",
    [[CLIENT], [CLIENT, CLIENT], [CLIENT, CLIENT // 2], [CLIENT, CLIENT * 0], [CLIENT * 0, CLIENT * 0]],
    ids=["one channel", "the same twice", "the same, quieter", "one side silent", "both silent"],
)
@pytest.mark.parametrize("kind", ["wav", "mp3"])
def test_one_sound_twice_or_a_silent_side_is_one_channel(channels, kind):
    assert not speaks_apart(decoded(encoded(channels, kind)))
