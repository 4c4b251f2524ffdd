"""Read a bundle byte by byte, comparing each with what must be there, and write its files down meanwhile.

A bundle is a tar of which every byte is foreseen: the signed manifest tells names, sizes and hashes, and everything
else (headers, order, padding, end) follows from them. So nothing that the signature does not cover is ever parsed.
Standard library only: `verifying.py` runs beside this file on servers where nothing is installed yet.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.json.sig"
MANIFEST_MAX_BYTES: Final = 64_000_000
BLOCK: Final = tarfile.BLOCKSIZE
END: Final = bytes(2 * BLOCK)
CHUNK: Final = 1 << 20
ROOM_TO_SPARE_BYTES: Final = 100_000_000
AGAIN: Final = "Copy the bundle again from where it was built, and compare the checksums."
PATH_PART: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._@][A-Za-z0-9._+@~=,-]*\Z")


class Refusal(Exception):
    """A bundle is not used; `remedy` says what to do."""

    def __init__(self, sentence: str, remedy: str = AGAIN) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy

    @property
    def code(self) -> str:
        """The name of the refusal for programs: `older-than-seen`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()


class NotABundle(Refusal):
    """The file is something else, or its manifest makes no sense."""


class Truncated(Refusal):
    """The file ends too early."""


class Tampered(Refusal):
    """Bytes are not what the signed manifest says."""


class ExtraMember(Refusal):
    """The file holds something that the signed manifest does not name."""


class MissingMember(Refusal):
    """Something that the signed manifest names is not where it must be."""


class UnsafeMember(Refusal):
    """The file holds a link, a device, or a name that leads out of its folder."""


class UntrustedKey(Refusal):
    """The key that signed is not a trusted one, or not the one that the manifest names."""


class BadSignature(Refusal):
    """The signature does not belong to this manifest."""


class UnsupportedFormat(Refusal):
    """The bundle was made for another generation of this program."""


class Expired(Refusal):
    """The bundle is so old that a newer one may be held back on purpose."""


class ClockBehind(Refusal):
    """The bundle was built in the future, so this machine's clock is wrong."""


class OlderThanSeen(Refusal):
    """A newer release was here before: an older one would bring its faults back."""


class TooFarBehind(Refusal):
    """The installed release is too old to go to this one in one step."""


class NoRoom(Refusal):
    """The bundle cannot be unpacked there."""


class Misconfigured(Refusal):
    """The trusted keys, the state of releases or the tools of this machine cannot be used."""


@dataclass(frozen=True)
class Entry:
    """What one file of a bundle must be; size in bytes."""

    sha256: str
    size: int


def header(name: str, size: int) -> bytes:
    """Return the only header that a member of a bundle may have."""
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o644, 0
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")


def is_safe(path: str) -> bool:
    """Tell whether a path is plain, relative and stays inside."""
    return all(PATH_PART.match(part) for part in path.split("/"))


def _take(stream: IO[bytes], count: int) -> bytes:
    """Read exactly so many bytes."""
    data = stream.read(count)
    if len(data) != count:
        raise Truncated("The bundle ends too early: it was not copied whole.")
    return data


def _zeros(stream: IO[bytes], count: int) -> None:
    """Read bytes that must be zero."""
    if any(_take(stream, count)):
        raise Tampered("Bytes of the bundle were changed between its files.")


def read_first(stream: IO[bytes], name: str, limit: int) -> bytes:
    """Read one of the two small members at the start, whose sizes nothing has foretold."""
    block = _take(stream, BLOCK)
    try:
        size = tarfile.TarInfo.frombuf(block, "utf-8", "strict").size
        foreseen = size <= limit and block == header(name, size)
    except (tarfile.TarError, ValueError):
        foreseen = False
    if not foreseen:
        sentence = f"This is no bundle: it does not start with {MANIFEST} and its signature."
        raise NotABundle(sentence, "Give a file ostrov-VERSION.bundle, as it was built.")
    content = _take(stream, size)
    _zeros(stream, -size % BLOCK)
    return content


def read_members(stream: IO[bytes], files: Mapping[str, Entry], folder: Path | None) -> None:
    """Read every member in its order, compare each byte with what must be there, and write it down meanwhile."""
    for path in sorted(files):
        expected = header(path, files[path].size)
        found = _take(stream, len(expected))
        if found != expected:
            raise _explain(found, path, files)
        with written(folder, path) as write:
            digest, left = hashlib.sha256(), files[path].size
            while left:
                chunk = _take(stream, min(CHUNK, left))
                digest.update(chunk)
                write(chunk)
                left -= len(chunk)
        if digest.hexdigest() != files[path].sha256:
            raise Tampered(f"{path} in the bundle is not what the signed manifest says.")
        _zeros(stream, -files[path].size % BLOCK)
    end = _take(stream, len(END))
    if end != END:
        raise _explain(end, "", files)
    if stream.read(1):
        raise Tampered("Something was appended to the bundle.")


def _explain(found: bytes, expected: str, files: Mapping[str, Entry]) -> Refusal:
    """Tell what stands where another member must begin; only the sentence depends on it, never the refusal."""
    if not any(found[:BLOCK]):
        return MissingMember(f"{expected} is missing from the bundle.")
    try:
        info = tarfile.TarInfo.frombuf(found[:BLOCK], "utf-8", "replace")
    except tarfile.TarError:
        return Tampered(
            f"Bytes of the bundle were changed where {expected or 'it'} must {'end' * (not expected)}begin."
        )
    name = info.name
    if info.type == tarfile.GNUTYPE_LONGNAME:
        name = found[BLOCK:].split(b"\0")[0].decode(errors="replace")
    elif not info.isreg() or not is_safe(name):
        return UnsafeMember(f"The bundle holds {name[:200]!r}, which is no plain file inside its folder.")
    if name and name not in files:
        return ExtraMember(f"The bundle holds {name[:200]!r}, which its signed manifest does not name.")
    if name != expected and expected:
        return MissingMember(f"{expected} is missing from the bundle, or not in its place.")
    return Tampered(f"The header of {name} in the bundle was changed.")


@contextmanager
def written(folder: Path | None, path: str) -> Iterator[Callable[[bytes], object]]:
    """Give what writes one file, so that it is on the disk when the context ends; nothing without a folder."""
    if folder is None:
        yield len
        return
    target = folder / path
    for parent in reversed(target.relative_to(folder).parents):
        (folder / parent).mkdir(mode=0o755, exist_ok=True)
    with target.open("xb") as sink:
        yield sink.write
        sink.flush()
        os.fchmod(sink.fileno(), 0o644)
        os.fsync(sink.fileno())


@contextmanager
def unpacking(target: Path | None, room: int) -> Iterator[Path | None]:
    """Give a folder beside the target that becomes the target when all went well, and goes away otherwise."""
    if target is None:
        yield None
        return
    if target.exists():
        raise NoRoom(f"{target} is there already.", "Remove it, or name another folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(target.parent).free < room + ROOM_TO_SPARE_BYTES:
        sentence = f"Unpacking takes {room / 1e6:,.0f} MB, which {target.parent} has no room for."
        raise NoRoom(sentence, "Make room on that disk: old bundles may go.")
    for left in target.parent.glob(f".{target.name}.unpacking-*"):
        shutil.rmtree(left)  # by somebody who was interrupted
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.unpacking-", dir=target.parent))
    work.chmod(0o755)
    try:
        yield work
        for folder in (*(Path(found[0]) for found in os.walk(work)), target.parent):
            _sync(folder)
        work.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise NoRoom(f"{target} cannot be written: {error.strerror or error}.", "Look at the disk.") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Make the names in a folder outlive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
