"""The licences of what a bundle carries: the texts that wheels and Debian packages bring along."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from appliance.release.debs import Deb
from appliance.release.wheels import Wheel

TEXTS: Final = re.compile(r"(licen[cs]e|copying|notice|authors)", re.IGNORECASE)
CLASSIFIER: Final = re.compile(r"License ::(?: OSI Approved ::)? (?P<name>.+)")
LONGEST_NAME: Final = 80


@dataclass(frozen=True)
class Licence:
    """A licence as a package states it: an SPDX expression when it is one, else a name, else nothing."""

    expression: str | None
    name: str | None


def metadata(wheel: Path) -> Message:
    """Return the metadata of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (entry for entry in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", entry))
        return HeaderParser().parsestr(archive.read(name).decode(errors="replace"))


def of_wheel(about: Message) -> Licence:
    """Return the licence that a wheel's metadata states, by the most exact of the three ways of stating it."""
    classifiers = [m["name"] for m in map(CLASSIFIER.fullmatch, about.get_all("Classifier", [])) if m]
    stated = str(about.get("License", "")).strip().splitlines()[:1]
    for text in (str(about.get("License-Expression", "")), *stated):
        try:
            return Licence(str(canonicalize_license_expression(text)), None)
        except InvalidLicenseExpression:
            continue
    named = [text for text in (*classifiers, *stated) if text and len(text) <= LONGEST_NAME]
    return Licence(None, named[0] if named else None)


def gather(wheels: Iterable[Wheel], debs: Iterable[Deb], root: Path, folder: Path) -> dict[str, Path]:
    """Write the texts of all licences into a folder; return the files by their paths in the bundle."""
    files = {"licences/ostrov/LICENSE": root / "LICENSE"}
    for wheel in wheels:
        for name, content in _texts(wheel.path):
            path = f"licences/python/{wheel.name}-{wheel.version}/{name}"
            files[path] = _put(folder / path, content)
    for deb in debs:
        if deb.copyright:
            path = f"licences/debian/{deb.name}/copyright"
            files[path] = _put(folder / path, deb.copyright.encode())
    return files


def _texts(wheel: Path) -> Iterable[tuple[str, bytes]]:
    """Go through the texts of licences in a wheel's metadata folder, by plain names."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.namelist():
            path = PurePosixPath(entry)
            if path.parts[0].endswith(".dist-info") and not entry.endswith("/") and TEXTS.search(path.name):
                parts = [part for part in path.parts[1:] if part != "licenses"]
                yield re.sub(r"[^A-Za-z0-9._-]", "_", "_".join(parts)), archive.read(entry)


def _put(path: Path, content: bytes) -> Path:
    """Write one text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
