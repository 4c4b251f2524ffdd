"""Which foreign packages an administrator has approved: a file of checksums that only an administrator may write."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
ROOT = 0


class BadApprovals(Exception):
    """The file of approvals cannot be trusted or read; the message says why and what to do."""


@dataclass(frozen=True)
class Approval:
    """One approved package: its checksum, and who approved it when."""

    version: str
    sha256: str
    at: str
    by: str


def read_approvals(path: Path) -> dict[str, Approval]:
    """The approvals by package; none when there is no file. Raises BadApprovals."""
    try:
        with path.open("rb") as file:
            state = os.fstat(file.fileno())
            text = file.read()
    except FileNotFoundError:
        return {}
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror})."
        raise BadApprovals(message) from error
    if state.st_uid not in {ROOT, os.geteuid()}:
        message = f"{path} belongs to somebody else. Give it to root: chown root {path}"
        raise BadApprovals(message)
    if state.st_mode & OTHERS_MAY_WRITE:
        message = f"{path} can be written by others. Take that right away: chmod go-w {path}"
        raise BadApprovals(message)
    try:
        return TypeAdapter(dict[str, Approval]).validate_json(text)
    except ValidationError as error:
        message = f"{path} is damaged. Remove it and approve the packages anew with `ostrov modules approve`."
        raise BadApprovals(message) from error


def approve(path: Path, package: str, version: str, sha256: str) -> None:
    """Note that this package with this checksum may be loaded."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    _write(path, {**read_approvals(path), package: Approval(version, sha256, at, getuser())})


def revoke(path: Path, package: str) -> bool:
    """Take an approval back; whether there was one."""
    known = read_approvals(path)
    if package not in known:
        return False
    _write(path, {name: entry for name, entry in known.items() if name != package})
    return True


def _write(path: Path, approvals: dict[str, Approval]) -> None:
    """Replace the file in one step, readable by all and writable by its owner."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    text = json.dumps({name: asdict(entry) for name, entry in sorted(approvals.items())}, indent=2)
    try:
        new.write_text(text + "\n", "utf-8")
        new.chmod(0o644)
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        message = f"{path} cannot be written ({error.strerror}). Ask an administrator of this machine."
        raise BadApprovals(message) from error
