"""Write a bundle: the signed manifest first, then every file in the order in which a reader expects it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO

from appliance.release.problems import BuildError
from appliance.release.reading import BLOCK, END, MANIFEST, SIGNATURE, Entry, header, is_safe
from appliance.release.wheels import sha256_of


def entries(files: Mapping[str, Path]) -> dict[str, dict[str, object]]:
    """Return what the manifest says of files: hashes and sizes. Raises BuildError for a name that is not plain."""
    for path in files:
        if not is_safe(path):
            raise BuildError(f"A bundle cannot hold a file called {path!r}.", "Rename it.")
    return {path: asdict(Entry(sha256_of(source), source.stat().st_size)) for path, source in files.items()}


def write(target: Path, manifest: bytes, signature: bytes, files: Mapping[str, Path]) -> None:
    """Write a bundle in one step: it is there whole, or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    work = target.with_name(f".{target.name}.partial")
    try:
        with work.open("wb") as sink:
            for name, content in ((MANIFEST, manifest), (SIGNATURE, signature)):
                sink.write(header(name, len(content)) + content + bytes(-len(content) % BLOCK))
            for path in sorted(files):
                _append(sink, path, files[path])
            sink.write(END)
            sink.flush()
            os.fsync(sink.fileno())
        work.replace(target)
    except OSError as error:
        raise BuildError(f"{target} cannot be written: {error.strerror}.", "Make room on that disk.") from error
    finally:
        work.unlink(missing_ok=True)


def _append(sink: IO[bytes], path: str, source: Path) -> None:
    """Append one file with its header and its padding."""
    size = source.stat().st_size
    sink.write(header(path, size))
    with source.open("rb") as content:
        shutil.copyfileobj(content, sink, 1 << 20)
    sink.write(bytes(-size % BLOCK))
