"""Reading an uploaded file: it is looked at before it is kept, and what cannot be read is refused with a sentence."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

from werkzeug.datastructures import FileStorage

from webapp.crm.documents.messages import ReceiveDocument
from webapp.kit import files
from webapp.kit.errors import Invalid
from webapp.kit.i18n import N_
from webapp.kit.reading import KINDS, Unreadable, check, kind_of

ENDINGS = tuple(KINDS)
LONGEST_NAME = 200


def clean_name(filename: str | None) -> str:
    """A file's name without folders and control characters."""
    name = PurePath((filename or "").replace("\\", "/")).name
    return "".join(c for c in name if unicodedata.category(c)[0] != "C").strip()[-LONGEST_NAME:]


def read_organisation(values: Mapping[str, Any]) -> int | None:
    """The organisation that a form names, None when it names none; raises Invalid for what is no id."""
    text = str(values.get("organisation_id") or "").strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise Invalid({"organisation_id": N_("There is no such organisation")})
    return int(text)


def receive_file(
    sent: FileStorage | None,
    folder: Path,
    limit_megabytes: int,
    *,
    hold: Callable[[str], None],
    title: str,
    organisation_id: int | None,
) -> ReceiveDocument:
    """Keep an uploaded file under its content hash; raises Invalid (nothing is kept) when it cannot be read.

    `hold` keeps the sweeper away from this content until the upload is committed.
    """
    if sent is None or not sent.filename:
        raise Invalid({"file": N_("Choose a file first")})
    name = clean_name(sent.filename)
    try:
        kind = kind_of(name)
    except Unreadable as error:
        raise Invalid({"file": str(error)}) from None
    arrived = files.receive(sent.stream, folder, limit_megabytes=limit_megabytes, field="file")
    try:
        check(arrived.path, kind, arrived.head)
    except Unreadable as error:
        arrived.drop()
        raise Invalid({"file": str(error)}) from None
    hold(arrived.sha256)
    arrived.keep(folder)
    return ReceiveDocument(arrived.sha256, arrived.size, name, KINDS[kind], title, organisation_id)
