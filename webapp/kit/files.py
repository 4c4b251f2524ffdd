"""Uploaded files on disk, one file a content: written aside, hashed, flushed, then renamed into place at once."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import text
from sqlalchemy.orm import Session

from webapp.kit.errors import Invalid, TooLarge
from webapp.kit.i18n import N_, gettext

PIECE_BYTES = 1 << 20
HEAD_BYTES = 512
ARRIVING = ".arriving-"
LONGEST_UPLOAD_SECONDS = 3600.0  # an upload that still arrives is written to all the time


@dataclass(frozen=True)
class Arrived:
    """A file that has arrived and is not kept yet: `path` is temporary, `head` its first bytes, `size` in bytes."""

    path: Path
    sha256: str
    size: int
    head: bytes

    def keep(self, folder: Path) -> Path:
        """Move the file to its place, named by its content; a file that is there already stays as it is."""
        place = folder / self.sha256
        if place.exists() and place.stat().st_size == self.size:
            self.drop()
            return place
        self.path.replace(place)
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)  # the name must survive a power cut as the bytes do
        finally:
            os.close(handle)
        return place

    def drop(self) -> None:
        """Forget the file: nothing of it stays."""
        self.path.unlink(missing_ok=True)


def hold(session: Session, sha256: str) -> None:
    """Keep everybody else from storing or sweeping this content until the transaction ends.

    Without it a file could be swept between the moment when an upload finds it in its place and its commit.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:content, 0))"), {"content": sha256})


def too_large(limit_megabytes: int, field: str) -> TooLarge:
    """The error of a file over the limit: it names the limit and the setting."""
    said = N_("The file is larger than the limit of %(limit)s MB (setting %(setting)s).")
    return TooLarge(gettext(said, limit=limit_megabytes, setting="OSTROV_UPLOAD_MAX_MEGABYTES"), field=field)


def receive(stream: IO[bytes], folder: Path, *, limit_megabytes: int, field: str) -> Arrived:
    """Read a stream into a temporary file; an empty file or one over the limit is refused and leaves nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{ARRIVING}{uuid.uuid4().hex}"
    try:
        with path.open("xb") as target:
            return _copy(stream, target, path, limit_megabytes, field)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def sweep(folder: Path, *, older_than_seconds: float = LONGEST_UPLOAD_SECONDS) -> int:
    """Remove what uploads that were cut off by a crash left behind; answers how many files there were."""
    left = [path for path in folder.glob(f"{ARRIVING}*") if _age_seconds(path) > older_than_seconds]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _age_seconds(path: Path) -> float:
    """How long ago a file was last written to; 0 when it has just gone."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _copy(stream: IO[bytes], target: IO[bytes], path: Path, limit_megabytes: int, field: str) -> Arrived:
    digest = hashlib.sha256()
    size = 0
    head = b""
    while piece := stream.read(PIECE_BYTES):
        head = head or piece[:HEAD_BYTES]
        size += len(piece)
        if size > limit_megabytes * PIECE_BYTES:
            raise too_large(limit_megabytes, field)
        digest.update(piece)
        target.write(piece)
    if not size:
        raise Invalid({field: N_("The file is empty")})
    target.flush()
    os.fsync(target.fileno())
    return Arrived(path, digest.hexdigest(), size, head)
