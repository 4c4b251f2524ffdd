"""The contract's version, and how documents of other versions are read.

A change that only adds raises the minor number, a change that a reader could stumble over raises the major one. So a
document of a newer minor version is read, and the fields that are not known yet are ignored; a document of a newer
major version is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

CONTRACT_VERSION = "1.0.0"
HEADER = "Ostrov-Contract"  # says on a request or an answer which version its body is written in

_SHAPE = re.compile(r"(0|[1-9]\d{0,5})(?:\.(0|[1-9]\d{0,5}))?(?:\.(0|[1-9]\d{0,5}))?")
_newer: ContextVar[bool] = ContextVar("reads a document of a newer minor version", default=False)


class VersionRefused(ValueError):
    """The document is of a version that cannot be read; the message names it and says what to do."""


@dataclass(frozen=True, order=True)
class Version:
    """A semantic version."""

    major: int
    minor: int = 0
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


def parse(text: str) -> Version:
    """A version from "1", "1.2" or "1.2.3"; raises VersionRefused for anything else."""
    found = _SHAPE.fullmatch(text.strip())
    if found is None:
        raise VersionRefused(
            f"{text!r} is not a version of the contract. Write it as three numbers, such as {CONTRACT_VERSION}."
        )
    return Version(*(int(part) for part in found.groups() if part is not None))


OURS = parse(CONTRACT_VERSION)


def check(text: str) -> bool:
    """Whether a document of this version is newer than what is known here, and can still be read.

    Raises VersionRefused for another major version, naming both versions and the remedy.
    """
    given = parse(text)
    if given.major > OURS.major:
        raise VersionRefused(
            f"This document is of contract version {given}; this program reads version {OURS.major}."
            f" Update this program, or have the sender write version {CONTRACT_VERSION}."
        )
    if given.major < OURS.major:
        raise VersionRefused(
            f"This document is of contract version {given}, which is no longer read."
            f" Update the sender to version {CONTRACT_VERSION}."
        )
    return given > OURS


@contextmanager
def reading(text: str | None) -> Iterator[None]:
    """Read input of this version inside the block: of a newer minor version, unknown fields are ignored.

    Without a version it is read as ours. Raises VersionRefused.
    """
    token = _newer.set(check(text) if text else False)
    try:
        yield
    finally:
        _newer.reset(token)


def unknown_fields_are_ignored() -> bool:
    """Whether a document of a newer minor version is being read."""
    return _newer.get()
