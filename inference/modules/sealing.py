"""Foreign packages: where their files lie, their checksum, and how approved ones are imported.

Nothing here imports a package to look at it. An approved package is imported from its source files alone, each held
against the checksum that was read before: neither a stale `.pyc` nor a file that changes later is run.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from importlib.machinery import ExtensionFileLoader as Extensions
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

CACHE = "__pycache__"


class NotSealable(Exception):
    """A package cannot be found or cannot be given a checksum; the message says why."""


def top_of(package: str) -> str:
    """The first part of a dotted name: what is imported, checked and approved as a whole."""
    return package.partition(".")[0]


def place_of(package: str) -> Path:
    """The folder of a package, found without importing any of it. Raises NotSealable."""
    top, *rest = package.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError) as error:
        message = f"The package {top} cannot be found: {error}."
        raise NotSealable(message) from error
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    if len(places) != 1 or spec is None or spec.origin is None:
        message = f"{top} is no package: install it, as a folder with an __init__.py."
        raise NotSealable(message)
    folder = Path(places[0]).joinpath(*rest)
    if not folder.is_dir():
        message = f"{package} is no folder of {places[0]}."
        raise NotSealable(message)
    return folder


def sums_of(folder: Path) -> dict[Path, str]:
    """The SHA-256 of every file below a folder but Python's own caches. Raises NotSealable for links."""
    sums: dict[Path, str] = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if CACHE in inside.parts:
            continue
        if path.is_symlink() or "\n" in str(inside):
            message = f"{inside} is a link or has a strange name. A package holds plain files only."
            raise NotSealable(message)
        if path.is_file():
            sums[path] = hashlib.sha256(path.read_bytes()).hexdigest()
    return sums


def checksum_of(folder: Path, sums: Mapping[Path, str]) -> str:
    """One SHA-256 for a package: of the lines that `sha256sum` prints for its files, sorted by path as bytes."""
    lines = sorted((path.relative_to(folder).as_posix().encode(), digest) for path, digest in sums.items())
    listing = b"".join(f"{digest}  ".encode() + name + b"\n" for name, digest in lines)
    return hashlib.sha256(listing).hexdigest()


class _Checked(SourceFileLoader):
    """Compiles a module's source anew, after it was held against its sum."""

    sums: Mapping[Path, str]

    def get_data(self, path: str) -> bytes:
        """The bytes of a file. Raises ImportError when they are not the approved ones."""
        data = super().get_data(path)
        known = self.sums.get(Path(path))
        if known is not None and hashlib.sha256(data).hexdigest() != known:
            message = f"{path} has changed since its package was approved"
            raise ImportError(message)
        return data

    def get_code(self, fullname: str) -> CodeType | None:
        """The code of a module, never from a cache that nobody approved."""
        path = self.get_filename(fullname)
        if Path(path) not in self.sums:
            message = f"{path} is no file of the approved package"
            raise ImportError(message)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


class Sealed(MetaPathFinder):
    """Finds the modules of one approved package, before anybody else is asked."""

    def __init__(self, top: str, folder: Path, sums: Mapping[Path, str]) -> None:
        """`sums` are the approved SHA-256 of the files below `folder`."""
        self.top, self._folder = top, folder
        loader: Any = type("Checked", (_Checked,), {"sums": dict(sums)})
        self._loaders: list[tuple[type[Any], list[str]]] = [(Extensions, EXTENSION_SUFFIXES), (loader, SOURCE_SUFFIXES)]

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where a module of the package lies; None for any other."""
        if top_of(fullname) != self.top:
            return None
        places = [str(self._folder.parent)] if fullname == self.top else list(path or ())
        found = (FileFinder(place, *self._loaders).find_spec(fullname, target) for place in places)
        return next((spec for spec in found if spec is not None), None)


def open_sealed(top: str, folder: Path, sums: Mapping[Path, str]) -> None:
    """Let an approved package be imported. Raises NotSealable when other files of this name are loaded already."""
    for finder in [one for one in sys.meta_path if isinstance(one, Sealed) and one.top == top]:
        sys.meta_path.remove(finder)
    loaded = sys.modules.get(top)
    if loaded is not None and Path(getattr(loaded, "__file__", None) or "").parent != folder:
        message = f"The name {top} is taken by other code. Name the package differently."
        raise NotSealable(message)
    sys.meta_path.insert(0, Sealed(top, folder, sums))
