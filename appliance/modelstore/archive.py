"""Unpack an archive of weights, trusting nothing in it: plain files inside one folder, no larger than there is room."""

from __future__ import annotations

import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO, Final

from appliance.modelstore.errors import StoreRefused, WeightsRefused

CHUNK: Final = 1 << 22
MEMBERS_MAX: Final = 2000
# Weights hardly compress: an archive that grows a hundredfold is made to fill a disk.
GROWTH_MAX: Final = 100
GROWTH_FREE_BYTES: Final = 200_000_000
UNPACKED: Final = "Unpack it (for example `zstd -d FILE`) and import the directory or the .tar."

Seen = Callable[[int], None]


@dataclass(frozen=True)
class Member:
    """One plain file of an archive."""

    name: PurePosixPath
    size: int
    open: Callable[[], IO[bytes] | None]


def unpack(source: Path, target: Path, room: int, seen: Seen) -> None:
    """Unpack a tar (plain, gzip, bzip2, xz) or zip archive into an empty folder.

    Raises WeightsRefused for anything that is not a plain file inside, StoreRefused when there is no room.
    """
    limit = source.stat().st_size * GROWTH_MAX + GROWTH_FREE_BYTES
    total = 0
    try:
        for member in _members(source):
            total += member.size
            if total > limit:
                raise _bomb(source)
            if total > room:
                raise StoreRefused(f"There is no room for {source.name} in the store.", "Make room on its disk.")
            _write(member, target, seen)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, LZMAError, EOFError, NotImplementedError) as error:
        raise WeightsRefused(f"{source.name} is damaged or cut short: {error}.", "Get the archive again.") from error
    except (RuntimeError, FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise WeightsRefused(f"{source.name} cannot be unpacked: {error}.", UNPACKED) from error


def _bomb(source: Path) -> WeightsRefused:
    """Describe an archive that grows without measure."""
    return WeightsRefused(
        f"{source.name} would unpack to far more than weights do.", "Get it from its source, or import a directory."
    )


def _members(source: Path) -> Iterator[Member]:
    """Go through the plain files of an archive; the size of each is known before it is read."""
    if zipfile.is_zipfile(source):
        yield from _of_zip(source)
    elif source.is_file() and tarfile.is_tarfile(source):
        yield from _of_tar(source)
    else:
        raise WeightsRefused(f"{source.name} is neither a tar nor a zip archive.", UNPACKED)


def _of_zip(source: Path) -> Iterator[Member]:
    """Go through a zip archive."""
    with zipfile.ZipFile(source) as archive:
        if len(archive.infolist()) > MEMBERS_MAX:
            raise _bomb(source)
        for entry in archive.infolist():
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if entry.is_dir():
                continue
            if kind not in {0, stat.S_IFREG}:
                raise _not_plain(entry.filename)
            yield Member(_safe(entry.filename), entry.file_size, lambda entry=entry: archive.open(entry))  # type: ignore[misc]


def _of_tar(source: Path) -> Iterator[Member]:
    """Go through a tar archive, once, from its start."""
    with tarfile.open(source, "r:*") as archive:
        for position, entry in enumerate(archive):
            if position >= MEMBERS_MAX:
                raise _bomb(source)
            if entry.isdir():
                continue
            if not entry.isreg():
                raise _not_plain(entry.name)
            yield Member(_safe(entry.name), entry.size, lambda entry=entry: archive.extractfile(entry))  # type: ignore[misc]


def _not_plain(name: str) -> WeightsRefused:
    """Describe a link, a device or another thing that weights are not."""
    return WeightsRefused(
        f"The archive holds {name[:200]!r}, which is a link or a device.", "Pack it again with plain files only."
    )


def _safe(name: str) -> PurePosixPath:
    """Return a name without leading './'. Raises WeightsRefused when it leads out of the folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not name.isprintable() or not path.parts:
        raise WeightsRefused(
            f"The archive holds {name[:200]!r}, which leads out of its folder.", "Pack it again with plain names."
        )
    return path


def _write(member: Member, target: Path, seen: Seen) -> None:
    """Write one file below the target, never over another, and no more bytes than were announced."""
    path = target / member.name
    path.parent.mkdir(parents=True, exist_ok=True)
    content = member.open()
    if content is None:
        raise _not_plain(str(member.name))
    left = member.size
    with content, path.open("xb") as sink:
        while chunk := content.read(min(CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                raise WeightsRefused(f"{member.name} is longer than it says.", "Get the archive again.")
            sink.write(chunk)
            seen(len(chunk))
    if left:
        raise WeightsRefused(f"{member.name} is shorter than it says.", "Get the archive again.")
