"""Read Debian packages: their control fields and the copyright file that they carry."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

from appliance.release.running import run
from appliance.release.wheels import sha256_of

DAMAGED = "The package is damaged: remove it and start again."


@dataclass(frozen=True)
class Deb:
    """One Debian package file; `control` is its stanza as it stands, `copyright` the text that it carries, if any."""

    path: Path
    sha256: str
    control: str
    copyright: str | None

    def field(self, name: str) -> str:
        """Return a control field, empty when the package has none of this name."""
        return str(HeaderParser().parsestr(self.control).get(name, ""))

    @property
    def name(self) -> str:
        """The package's name."""
        return self.field("Package")

    @property
    def version(self) -> str:
        """The package's version with its epoch."""
        return self.field("Version")

    @property
    def file_name(self) -> str:
        """The name in the repository: as in Debian's own, without the epoch."""
        return f"{self.name}_{self.version.rpartition(':')[2]}_{self.field('Architecture')}.deb"


def read(path: Path, cache: Path) -> Deb:
    """Read a package; what was found is kept in the cache under the hash of the file."""
    sha256 = sha256_of(path)
    kept = cache / "debs-read" / f"{sha256}.json"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        work = kept.with_suffix(".partial")
        work.write_text(json.dumps({"control": _control(path), "copyright": _copyright(path)}), encoding="utf-8")
        work.replace(kept)
    return Deb(path, sha256, **json.loads(kept.read_text(encoding="utf-8")))


def _control(path: Path) -> str:
    """Return the control stanza."""
    return run(["dpkg-deb", "-f", path], f"Reading {path.name}", DAMAGED).decode().strip()


def _copyright(path: Path) -> str | None:
    """Return the copyright file; a package may leave it to another one of the same source."""
    files = run(["dpkg-deb", "--fsys-tarfile", path], f"Reading {path.name}", DAMAGED)
    with tarfile.open(fileobj=io.BytesIO(files)) as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            if name.match("usr/share/doc/*/copyright") and member.isreg():
                content = archive.extractfile(member)
                return content.read().decode(errors="replace") if content else None
    return None
