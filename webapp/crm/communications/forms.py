"""Reading what people and programs send: recordings by their first bytes, moments, clients."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path, PurePath
from zoneinfo import ZoneInfo

from werkzeug.datastructures import FileStorage

from webapp.crm.communications.messages import Links, StoredFile, WriteDown
from webapp.kit import files
from webapp.kit.errors import Invalid
from webapp.kit.i18n import N_, gettext

RECORDING_KINDS = ("wav", "mp3", "ogg", "opus", "oga", "m4a", "mp4", "aac", "flac", "webm", "amr", "wma")
WRITTEN_KINDS = ("note", "email", "message", "meeting")
DIRECTIONS = ("in", "out", "unknown")
LONGEST_TEXT = 100_000
LONGEST_NAME = 200

MP3_LAYER_BITS = 0x06
MP3_LAYER_THREE = 0x02
MP3_BITRATE_BITS = 0xF0


MAGIC = {
    b"OggS": "audio/ogg",
    b"fLaC": "audio/flac",
    b"ID3": "audio/mpeg",
    b"\x1a\x45\xdf\xa3": "audio/webm",
    b"#!AMR": "audio/amr",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "audio/x-ms-wma",
}


def media_type(head: bytes) -> str | None:
    """What kind of recording a file is, by its first bytes; None when it is not one that can be processed."""
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "audio/wav"
    if head[4:8] == b"ftyp":
        return "audio/mp4"
    for magic, kind in MAGIC.items():
        if head.startswith(magic):
            return kind
    return _mpeg_frame(head)


def _mpeg_frame(head: bytes) -> str | None:
    """An MPEG audio frame without a tag before it: its sync bits, its layer and a bit rate that exists."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    layer = head[1] & MP3_LAYER_BITS
    if layer == MP3_LAYER_THREE and head[2] & MP3_BITRATE_BITS not in (0x00, MP3_BITRATE_BITS):
        return "audio/mpeg"
    if head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    return None


def recognised(head: bytes, filename: str) -> str:
    """The media type of a recording; Invalid, in words that say what was found, when it is none."""
    found = media_type(head)
    if found is not None:
        return found
    if _looks_like_text(head):
        said = N_("“%(name)s” is a text, not a recording. Upload wav, mp3, ogg, opus, m4a or flac.")
    else:
        said = N_("“%(name)s” is not a recording that can be read. Upload wav, mp3, ogg, opus, m4a or flac.")
    raise Invalid({"recording": gettext(said, name=filename)})


def _looks_like_text(head: bytes) -> bool:
    """Whether the first bytes are printable UTF-8; a letter that is cut in two at their end does not count."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter in "\r\n\t" for letter in text)


def clean_name(filename: str | None) -> str:
    """The name of an uploaded file without folders, not longer than a file name may be."""
    printable = "".join(letter for letter in filename or "" if letter.isprintable())
    name = PurePath(printable.replace("\\", "/")).name.strip()
    return name[-LONGEST_NAME:] or "recording"


def receive_recording(sent: FileStorage, folder: Path, limit_megabytes: int, hold: Callable[[str], None]) -> StoredFile:
    """Put an uploaded recording into its place on disk; what is not one is refused and leaves nothing behind.

    `hold` keeps the sweeper away from this content until the upload is committed.
    """
    name = clean_name(sent.filename)
    arrived = files.receive(sent.stream, folder, limit_megabytes=limit_megabytes, field="recording")
    try:
        kind = recognised(arrived.head, name)
    except Invalid:
        arrived.drop()
        raise
    hold(arrived.sha256)
    arrived.keep(folder)
    return StoredFile(arrived.sha256, arrived.size, name, kind)


def read_client(text: str) -> tuple[str, int]:
    """A client reference, "person:5" or "organisation:7"; a bare number is answered with the kind "client"."""
    kind, _, number = text.strip().rpartition(":")
    if not number.isdecimal() or kind not in ("", "person", "organisation") or len(number) > 9:
        raise Invalid({"client_id": N_("Name the client as person:5 or organisation:7")})
    return kind or "client", int(number)


def read_moment(text: str, timezone: str) -> datetime | None:
    """A local moment from a page (2026-11-20T10:30) or an ISO 8601 one with its zone; None when nothing is given."""
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Invalid({"occurred_at": N_("Give date and time, such as 2026-11-20 10:30")}) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))


def read_links(form: Mapping[str, str]) -> Links:
    """The records that a form names: person_id, organisation_id, deal_id."""
    return Links(*(_number(form, name) for name in ("person_id", "organisation_id", "deal_id")))


def _number(form: Mapping[str, str], name: str) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise Invalid({name: N_("This is not the number of a record")})
    return int(text)


def read_direction(text: str) -> str:
    """Who called whom: in, out, or unknown when nothing is said."""
    chosen = text.strip() or "unknown"
    if chosen not in DIRECTIONS:
        raise Invalid({"direction": N_("Choose incoming or outgoing")})
    return chosen


def read_written(form: Mapping[str, str], timezone: str) -> tuple[WriteDown, dict[str, str]]:
    """A note, e-mail, message or meeting from a form, and what is wrong with it."""
    kind = form.get("kind", "note")
    body = form.get("body", "").strip()
    errors: dict[str, str] = {}
    if kind not in WRITTEN_KINDS:
        errors["kind"] = N_("Choose note, e-mail, message or meeting")
    if not body:
        errors["body"] = N_("Write something first")
    elif len(body) > LONGEST_TEXT:
        errors["body"] = N_("This text is too long")
    command = WriteDown(
        kind=kind,
        body=body,
        subject=form.get("subject", "").strip()[:LONGEST_NAME],
        links=read_links(form),
        occurred_at=read_moment(form.get("occurred_at", ""), timezone),
        direction=read_direction(form.get("direction", "")),
    )
    return command, errors
