"""Changes of files that are whole or not at all, also when the power fails in the middle."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

NEW: Final = ".new"


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace a file by a new one in one step; readers see the old text or the new, never a part."""
    work = path.with_name(path.name + NEW)
    try:
        handle = os.open(work, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        work.replace(path)
    except BaseException:
        work.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def forget_half(path: Path) -> None:
    """Remove what a process that was killed while it replaced a file, or a link, has left beside it."""
    path.with_name(path.name + NEW).unlink(missing_ok=True)


def point_link(link: Path, target: str | None) -> None:
    """Let a symbolic link name another target in one step; None removes it."""
    if target is None:
        link.unlink(missing_ok=True)
    else:
        work = link.with_name(link.name + NEW)
        work.unlink(missing_ok=True)
        work.symlink_to(target)
        work.replace(link)
    sync_folder(link.parent)


def link_target(link: Path) -> str | None:
    """What a symbolic link names; None when there is none."""
    return str(link.readlink()) if link.is_symlink() else None


def remove_folder(folder: Path) -> None:
    """Remove a folder with all in it: it disappears from its place first, so that no half of it is taken for whole."""
    doomed = folder.with_name(f".{folder.name}.removed")
    shutil.rmtree(doomed, ignore_errors=True)  # also what was left when this was interrupted
    if not folder.exists():
        return
    folder.rename(doomed)
    sync_folder(folder.parent)
    shutil.rmtree(doomed)


def size_of(folder: Path) -> int:
    """Bytes that the plain files of a folder take."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
