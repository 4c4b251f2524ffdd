"""Reading weights byte by byte and comparing them with what they must be."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from appliance.modelstore import manifest as manifests
from appliance.modelstore.errors import ChecksumMismatch, Interrupted, WeightsRefused
from appliance.modelstore.manifest import RECORD, File, Manifest

CHUNK: Final = 1 << 22

Progress = Callable[[str, int, int], None]  # what is being done, bytes so far, bytes in all


def silent(_what: str, _done: int, _total: int) -> None:
    """Show nothing."""


def counting(progress: Progress, what: str, total: int) -> Callable[[int], None]:
    """Return a function that adds bytes up and shows the sum."""
    done = 0

    def seen(count: int) -> None:
        nonlocal done
        done += count
        progress(what, done, total)

    return seen


def sha256_of(path: Path, stop: threading.Event | None = None, seen: Callable[[int], None] | None = None) -> str:
    """Return the SHA-256 of a file, telling `seen` how many bytes were read since the last time."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            if stop is not None and stop.is_set():
                raise Interrupted
            digest.update(chunk)
            if seen is not None:
                seen(len(chunk))
    return digest.hexdigest()


def check_files(
    folder: Path, manifest: Manifest, progress: Progress = silent, stop: threading.Event | None = None
) -> None:
    """Compare every byte of every file with the manifest. Raises ChecksumMismatch, naming the file."""
    seen = counting(progress, "checking", manifest.size)
    for file in manifest.file:
        _check_size(folder, file, manifest)
    for file in manifest.file:
        found = sha256_of(folder / file.name, stop, seen)
        if found != file.sha256:
            raise ChecksumMismatch(
                f"The checksum of {file.name} ({manifest.key}) is wrong: expected {file.sha256[:16]}…, "
                f"found {found[:16]}…. Nothing is loaded from it.",
                "Run `ostrov models verify`: a packaged model is then assembled anew at the next start; import another "
                "again from a sound copy. When it happens twice, look at the disk.",
            )


def _check_size(folder: Path, file: File, manifest: Manifest) -> None:
    """Raise ChecksumMismatch when a file is missing, is no plain file, or has another size (quick)."""
    path = folder / file.name
    if path.is_symlink() or not path.is_file():
        raise ChecksumMismatch(
            f"The file {file.name} of {manifest.key} is missing.", "Import the model again, whole; see the manifest."
        )
    size = path.stat().st_size
    if size != file.size:
        raise ChecksumMismatch(
            f"The file {file.name} of {manifest.key} has {size} bytes, expected {file.size}.",
            "Import the model again from a sound copy.",
        )


def write_record(folder: Path, manifest: Manifest) -> None:
    """Remember which files were just checked byte by byte: what `matches_record` compares with."""
    (folder / RECORD).write_text(json.dumps(_state(folder, manifest), indent=1))


def matches_record(folder: Path, manifest: Manifest) -> bool:
    """Tell, without reading them, whether files look like those that were checked: same size, time and checksum."""
    try:
        return bool(json.loads((folder / RECORD).read_text()) == _state(folder, manifest))
    except (OSError, ValueError):
        return False


def _state(folder: Path, manifest: Manifest) -> dict[str, Any]:
    """Return what is remembered of every file."""
    states = {file: (folder / file.name).stat() for file in manifest.file}
    return {
        file.name: {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": file.sha256}
        for file, status in states.items()
    }


def identity(path: Path) -> str:
    """Check weights as they are at the start of an engine and return their SHA-256.

    Weights of the store are compared with their manifest, every byte; a file or folder from elsewhere has nothing to
    be compared with, so its hash alone is taken. Raises ModelError.
    """
    for folder in (path, *path.parents) if path.is_dir() else path.parents:
        found = manifests.find(folder)
        if found is not None:
            manifest = manifests.read(found)
            if folder / manifest.entry == path:
                check_files(folder, manifest)
                return manifest.sha256
    if path.is_file():
        return sha256_of(path)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    if not files:
        raise WeightsRefused(f"There are no weights in {path}.", "Give the folder of a model.")
    listing = "".join(sorted(f"{sha256_of(file)}  {file.relative_to(path).as_posix()}\n" for file in files))
    return hashlib.sha256(listing.encode()).hexdigest()
