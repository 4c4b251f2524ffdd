"""The store of models: `<name>/<version>/` with a manifest each, and `active/<role>`, a link to the one that serves.

A model appears in one step, whole and checked, or not at all: it is made ready in `.staging/`, which belongs to the
holder of the store's lock, so whatever lies there when the lock is taken was left by somebody who was interrupted.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from appliance.modelstore import archive, headers, manifest
from appliance.modelstore.checking import CHUNK, Progress, check_files, counting, silent, write_record
from appliance.modelstore.errors import Interrupted, ManifestRefused, StoreRefused, WeightsRefused
from appliance.modelstore.manifest import ACTIVE, MANIFEST, OF_THE_STORE, ROLES, Manifest
from appliance.settings import StoreSettings, read

STAGING: Final = ".staging"
LOCK: Final = ".lock"
RESERVE_BYTES: Final = 200_000_000
PRIVATE: Final = 0o700


@dataclass(frozen=True)
class InstalledModel:
    """A model of the store as an engine needs it; `path` is what the engine is given."""

    name: str
    version: str
    path: Path
    sha256: str
    role: str
    engine_options: Mapping[str, Any]
    folder: Path
    manifest: Manifest

    @property
    def key(self) -> str:
        """How people name this model and version."""
        return self.manifest.key


@dataclass(frozen=True)
class ModelStore:
    """The models below one folder."""

    root: Path

    def folder(self, name: str, version: str) -> Path:
        """Return where a model lies, whether it is there or not."""
        return self.root / name / version

    def models(self) -> list[InstalledModel]:
        """Return all models that are here, sorted by name and version."""
        found = self.root.glob(f"[!.]*/*/{MANIFEST}")
        return [self._installed(path.parent) for path in sorted(found) if path.parts[-3] != ACTIVE]

    def get(self, key: str) -> InstalledModel:
        """Return a model by NAME@VERSION, or by NAME when one version of it is here. Raises StoreRefused."""
        name, _, version = key.partition("@")
        fitting = [model for model in self.models() if model.name == name and version in {"", model.version}]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            keys = ", ".join(model.key for model in fitting)
            raise StoreRefused(f"There are several versions of {name}.", f"Name one: {keys}.")
        known = ", ".join(model.key for model in self.models())
        raise StoreRefused(f"There is no model {key} in the store.", f"Here are: {known or 'none'}.")

    def active(self, role: str) -> InstalledModel | None:
        """Return the model that serves a role, None when none was chosen."""
        link = self.root / ACTIVE / role
        folder = Path(os.path.normpath(link.parent / link.readlink())) if link.is_symlink() else None
        return self._installed(folder) if folder is not None and (folder / MANIFEST).is_file() else None

    def roles_of(self, model: InstalledModel) -> list[str]:
        """Return the roles that a model serves now."""
        served = ((role, self.active(role)) for role in ROLES)
        return [role for role, active in served if active is not None and active.folder == model.folder]

    def use(self, role: str, key: str, progress: Progress = silent) -> InstalledModel:
        """Make a model the one that serves a role, after reading every byte of it. Raises ModelError."""
        model = self.get(key)
        if not _may_serve(model.role, role):
            raise StoreRefused(
                f"{model.key} is a model for the role {model.role}; it cannot serve {role}.",
                f"Choose one for {role}, or correct 'role' in its manifest and import it again.",
            )
        self.verify(model, progress)
        with self._locked():
            self.point(role, model)
        return model

    def point(self, role: str, model: InstalledModel) -> None:
        """Let the link of a role lead to a model, in one step; the caller has checked it."""
        link = self.root / ACTIVE / role
        self._make(link.parent)
        work = link.with_name(f".{role}.{os.getpid()}")
        work.unlink(missing_ok=True)
        work.symlink_to(Path("..") / model.name / model.version)
        work.replace(link)

    def verify(self, model: InstalledModel, progress: Progress = silent) -> None:
        """Read every byte of a model and compare it with its manifest. Raises ModelError."""
        check_files(model.folder, model.manifest, progress)
        headers.check(model.folder, model.manifest)

    def remove(self, key: str) -> InstalledModel:
        """Remove a model that serves no role. Raises StoreRefused."""
        with self._locked():
            model = self.get(key)
            roles = self.roles_of(model)
            if roles:
                raise StoreRefused(
                    f"{model.key} serves the role {', '.join(roles)} now.",
                    f"Use another first: ostrov models use {roles[0]} NAME@VERSION",
                )
            # Moved away first: a model that is half removed must not be taken for one that is there.
            doomed = self._stage()
            model.folder.rename(doomed / "model")
            shutil.rmtree(doomed)
            if not any(model.folder.parent.iterdir()):
                model.folder.parent.rmdir()
        return model

    def import_from(
        self, source: Path, progress: Progress = silent, stop: threading.Event | None = None
    ) -> InstalledModel:
        """Take in a directory or an archive with a manifest: all of it, checked, or nothing. Raises ModelError."""
        if not source.exists():
            raise StoreRefused(f"There is nothing at {source}.", "Give the path of a directory or an archive.")
        with self._locked():
            stage = self._stage()
            try:
                return self._take_in(source, stage, progress, stop or threading.Event())
            except OSError as error:
                sentence = f"{source.name} cannot be imported: {error.strerror or error}."
                raise StoreRefused(sentence, f"Look at the rights and the room in {self.root}.") from error
            finally:
                shutil.rmtree(stage, ignore_errors=True)

    def put(self, folder: Path, found: Manifest) -> InstalledModel:
        """Move a folder that was checked into its place, in one step."""
        (folder / MANIFEST).write_text(manifest.as_toml(found), encoding="utf-8")
        write_record(folder, found)
        target = self.folder(found.name, found.version)
        self._make(target.parent)
        self._share(folder, *folder.rglob("*"))
        _reach_disk(folder)
        folder.rename(target)
        _sync(target.parent)
        return self._installed(target)

    def _take_in(self, source: Path, stage: Path, progress: Progress, stop: threading.Event) -> InstalledModel:
        """Copy or unpack, check, move into place."""
        if source.is_dir():
            found = _read_manifest(source)
            self._refuse_twin(found)
            _require_room(self.root, found.size)
            _copy(source, stage, found, progress, stop)
            folder = stage
        else:
            total = source.stat().st_size
            seen = counting(progress, "unpacking", total)
            archive.unpack(source, stage, _room(self.root), lambda count: _step(seen, count, stop))
            folder = _top(stage)
            found = _read_manifest(folder)
            self._refuse_twin(found)
        _require_listed(folder, found)
        check_files(folder, found, progress, stop)
        headers.check(folder, found)
        for name in OF_THE_STORE:
            (folder / name).unlink(missing_ok=True)
        return self.put(folder, found)

    def _refuse_twin(self, found: Manifest) -> None:
        """Raise StoreRefused when this name and version are here already."""
        if self.folder(found.name, found.version).exists():
            raise StoreRefused(
                f"{found.key} is in the store already.",
                "Give the new one another version, or remove the old one: ostrov models remove " + found.key,
            )

    def _installed(self, folder: Path) -> InstalledModel:
        """Read one model of the store."""
        found = manifest.read(folder / MANIFEST)
        options = found.engine.model_dump(exclude_none=True)
        path = folder / found.entry
        return InstalledModel(found.name, found.version, path, found.sha256, found.role, options, folder, found)

    def _make(self, folder: Path) -> None:
        """Make a folder of the store, unless it is there."""
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
            self._share(folder)

    def _share(self, *paths: Path) -> None:
        """Let the group of the store read, when the store is open to its group: engines with accounts of their own."""
        store = self.root.stat()
        if not store.st_mode & stat.S_IRGRP:
            return
        for path in paths:
            os.chown(path, -1, store.st_gid)
            path.chmod(0o750 if path.is_dir() else 0o640)

    def _stage(self) -> Path:
        """Return a new empty folder on the store's disk; the caller holds the lock."""
        return Path(tempfile.mkdtemp(dir=self.root / STAGING))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the store's lock; what an interrupted holder left in `.staging` is removed first."""
        self.root.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
        with (self.root / LOCK).open("a") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoreRefused(
                    "Another command is changing the store of models.", "Wait until it has ended, then try again."
                ) from None
            shutil.rmtree(self.root / STAGING, ignore_errors=True)
            (self.root / STAGING).mkdir(mode=PRIVATE)
            yield


def _may_serve(made_for: str, role: str) -> bool:
    """Tell whether a model of one role can serve another: a chat model may be the fast one too, and the reverse."""
    return role in ROLES and (made_for == role or {made_for, role} == {"chat", "fast"})


def _room(root: Path) -> int:
    """Return how many bytes may be written to the store's disk."""
    return max(0, shutil.disk_usage(root).free - RESERVE_BYTES)


def _require_room(root: Path, size: int) -> None:
    """Raise StoreRefused when so many bytes do not fit on the store's disk."""
    room = _room(root)
    if size > room:
        raise StoreRefused(
            f"The model needs {size / 1e9:.1f} GB and the disk of {root} has room for {room / 1e9:.1f} GB.",
            "Make room, or move the store: OSTROV_MODELS_DIR.",
        )


def _step(seen: Any, count: int, stop: threading.Event) -> None:
    """Count bytes; raise Interrupted when the person wants to stop."""
    if stop.is_set():
        raise Interrupted
    seen(count)


def _read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a folder. Raises ManifestRefused when there is none."""
    path = manifest.find(folder)
    if path is None:
        raise ManifestRefused(
            "", "There is no manifest.toml beside the weights.", "Write one: ostrov models manifest DIR"
        )
    return manifest.read(path)


def _top(stage: Path) -> Path:
    """Return where an archive's manifest lies: at its top, or in the one folder that it holds."""
    entries = list(stage.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else stage


def _copy(source: Path, stage: Path, found: Manifest, progress: Progress, stop: threading.Event) -> None:
    """Copy the files that a manifest lists; links are refused, since what they lead to may change."""
    _require_listed(source, found)
    seen = counting(progress, "copying", found.size)
    for file in found.file:
        origin, target = source / file.name, stage / file.name
        if not origin.is_file():
            raise WeightsRefused(f"The file {file.name} is not in {source}.", "Bring it, or correct the manifest.")
        target.parent.mkdir(parents=True, exist_ok=True)
        with origin.open("rb") as content, target.open("xb") as sink:
            while chunk := content.read(CHUNK):
                sink.write(chunk)
                _step(seen, len(chunk), stop)


def _require_listed(folder: Path, found: Manifest) -> None:
    """Raise WeightsRefused for a link or for a file that the manifest does not list."""
    listed = {file.name for file in found.file}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise WeightsRefused(f"{name} is a link.", "Put the file itself in its place.")
        if path.is_file() and name not in listed and name not in OF_THE_STORE:
            raise WeightsRefused(f"The manifest does not list {name}.", "Remove the file, or list it with its SHA-256.")


def _reach_disk(folder: Path) -> None:
    """Wait until every file of a folder is on the disk, so that a power cut leaves no hollow model."""
    for path in [*folder.rglob("*"), folder]:
        _sync(path)


def _sync(path: Path) -> None:
    """Wait until one file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def active(role: str, root: Path | None = None) -> InstalledModel | None:
    """Return the model that serves a role, in the store of the settings or below `root`. Raises ModelError."""
    return ModelStore(root or read(StoreSettings).store_dir).active(role)
