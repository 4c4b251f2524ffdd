"""What can be wrong with a recording; each is an answer to the person who sent it."""

from __future__ import annotations


class RecordingProblem(Exception):
    """The recording cannot be transcribed; the message is for the person who sent it."""

    kind = "recording-unusable"
    title = "The recording cannot be used"
    status = 422


class EmptyRecording(RecordingProblem):
    """The file has no bytes or no sound in it."""

    kind = "recording-empty"
    title = "The recording is empty"


class UndecodableRecording(RecordingProblem):
    """The file is no audio in a format that we read."""

    kind = "recording-undecodable"
    title = "The file is not a recording that can be read"
    status = 415


class RecordingTooLong(RecordingProblem):
    """The recording is longer than the engine is set to take."""

    kind = "recording-too-long"
    title = "The recording is too long"
    status = 413
