"""The Debian part of a bundle: packages with all that they need, as a signed repository of their own."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

from appliance.release import debs
from appliance.release.debs import Deb
from appliance.release.problems import BuildError
from appliance.release.running import run

LIST: Final = Path(__file__).with_name("debian-packages.toml")
SOURCES: Final = Path("/etc/apt")
KEYRING: Final = "/usr/share/keyrings/debian-archive-keyring.gpg"
REACHABLE: Final = "Is the Debian mirror reachable? Or give a folder of packages: --apt-cache DIR."
# The last word of a mirror's address, and the suites that it has for one release of Debian.
SUITES: Final[Mapping[str, tuple[str, ...]]] = {"debian": ("{}", "{}-updates"), "debian-security": ("{}-security",)}
INSTALLED_LINE: Final = re.compile(r"Inst (?P<name>\S+)(?: \[[^]]*\])? \((?P<version>\S+) ")


@dataclass(frozen=True)
class Wanted:
    """Which packages of which Debian a bundle carries."""

    release: str
    architecture: str
    packages: tuple[str, ...]
    components: tuple[str, ...] = ("main",)


def wanted(path: Path = LIST, *, nvidia: bool = False) -> Wanted:
    """Read the list of packages, with NVIDIA's driver when it is asked for."""
    tables: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    packages = {name for names in tables["purposes"].values() for name in names}
    components = tables["components"]
    if nvidia:
        packages |= set(tables["nvidia"]["packages"])
        components = tables["nvidia"]["components"]
    return Wanted(tables["release"], tables["architecture"], tuple(sorted(packages)), tuple(components))


def collect(want: Wanted, cache: Path, folder: Path | None, sources: Path | None) -> list[Deb]:
    """Return the packages and all that they need: from a folder when one is given, else fetched by apt."""
    found = _from_folder(want, folder, cache) if folder else _fetched(want, cache, sources)
    return sorted(found, key=lambda deb: deb.name)


def _from_folder(want: Wanted, folder: Path, cache: Path) -> list[Deb]:
    """Return the newest version of every package that lies in a folder."""
    newest: dict[str, Deb] = {}
    for path in sorted(folder.glob("*.deb")):
        deb = debs.read(path, cache)
        if deb.name not in newest or is_older(newest[deb.name].version, deb.version):
            newest[deb.name] = deb
    missing = [name for name in want.packages if name not in newest]
    if missing:
        raise BuildError(
            f"{folder} lacks {', '.join(missing)}.",
            f"Fetch there with all that they need: apt-get install --download-only {' '.join(missing)}",
        )
    return list(newest.values())


def is_older(one: str, other: str) -> bool:
    """Tell whether the first Debian version comes before the other."""
    command = [shutil.which("dpkg") or "dpkg", "--compare-versions", one, "lt", other]
    return subprocess.run(command, check=False).returncode == 0


def _fetched(want: Wanted, cache: Path, sources: Path | None) -> list[Deb]:
    """Let apt resolve from an empty system, so that nothing is taken for granted, and fetch what it chose."""
    root = cache / "apt"
    for name in ("etc/preferences.d", "state/lists/partial", "archives/partial"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "status").write_text("")
    (root / "etc" / "sources.list").write_text(_sources(want, sources))
    apt = _apt_get(root, want)
    run([*apt, "update"], "Asking the Debian mirror", REACHABLE)
    install = ("install", "--yes", "--no-install-recommends")
    planned = run([*apt, *install, "--simulate", *want.packages], "Choosing Debian packages", REACHABLE).decode()
    run([*apt, *install, "--download-only", *want.packages], "Fetching Debian packages", REACHABLE)
    chosen = {(m["name"], m["version"]) for m in map(INSTALLED_LINE.match, planned.splitlines()) if m}
    here = (debs.read(path, cache) for path in sorted((root / "archives").glob("*.deb")))
    found = [deb for deb in here if (deb.name, deb.version) in chosen]
    if len(found) != len(chosen):
        raise BuildError("Some Debian packages did not arrive.", REACHABLE)
    return found


def _apt_get(root: Path, want: Wanted) -> list[str]:
    """Return apt-get with folders of its own; the machine's own packages play no part."""
    options = {
        "Dir::Etc::SourceList": root / "etc" / "sources.list",
        "Dir::Etc::SourceParts": "-",
        "Dir::Etc::PreferencesParts": root / "etc" / "preferences.d",
        "Dir::Etc::Preferences": "-",
        "Dir::State": root / "state",
        "Dir::State::Status": root / "status",
        "Dir::Cache": root,
        "Dir::Cache::Archives": root / "archives",
        "APT::Architecture": want.architecture,
        "APT::Architectures": want.architecture,
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Debug::NoLocking": "1",
    }
    return ["apt-get", "--quiet", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]


def _sources(want: Wanted, path: Path | None) -> str:
    """Return sources of one Debian release: those given, else the mirrors that this machine uses itself."""
    if path:
        return path.read_text(encoding="utf-8")
    components = " ".join(want.components)
    lines = [
        f"deb [signed-by={KEYRING}] {address} {suite.format(want.release)} {components}\n"
        for address in sorted(set(_mirrors()))
        for suite in SUITES.get(address.rstrip("/").rpartition("/")[2], ())
    ]
    if not lines:
        raise BuildError(
            "This machine names no Debian mirror to fetch from.",
            "Name one: --apt-sources FILE (lines as in sources.list), or give packages: --apt-cache DIR.",
        )
    return "".join(lines)


def _mirrors() -> Iterator[str]:
    """Go through the addresses in this machine's own sources, in both ways of writing them."""
    for path in (SOURCES / "sources.list", *sorted((SOURCES / "sources.list.d").glob("*"))):
        if path.suffix in {".list", ".sources"} and path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                if line.startswith(("deb ", "URIs:")):
                    yield from re.findall(r"\b(?:https?|file|copy):\S+", line)


def repository(packages: Iterable[Deb], folder: Path, moment: datetime) -> dict[str, Path]:
    """Write the index of a flat repository and its signature; return the repository's files by their names.

    The key is made for this one repository and thrown away: what vouches for its public half is the manifest.
    """
    files = {deb.file_name: deb.path for deb in packages}
    index = "\n".join(_stanza(deb) for deb in packages).encode()
    fields = {
        "Origin": "Ostrov",
        "Label": "Ostrov bundle",
        "Suite": "ostrov",
        "Date": format_datetime(moment, usegmt=True).replace("GMT", "UTC"),
        "Architectures": "amd64",
        "Description": "Debian packages of one Ostrov bundle",
    }
    release = "".join(f"{name}: {value}\n" for name, value in fields.items())
    release += f"SHA256:\n {hashlib.sha256(index).hexdigest()} {len(index)} Packages\n"
    (folder / "Packages").write_bytes(index)
    (folder / "Release").write_text(release, encoding="utf-8")
    _sign(folder)
    return files | {name: folder / name for name in ("Packages", "Release", "InRelease", "archive-key.gpg")}


def _stanza(deb: Deb) -> str:
    """Return a package's entry in the index."""
    facts = {"Filename": f"./{deb.file_name}", "Size": deb.path.stat().st_size, "SHA256": deb.sha256}
    return deb.control + "\n" + "".join(f"{name}: {value}\n" for name, value in facts.items())


def _sign(folder: Path) -> None:
    """Sign the repository with a new ed25519 key, keep its public half, forget the other."""
    remedy = "Is gnupg whole? Install it: apt install gnupg"
    with tempfile.TemporaryDirectory(prefix="ostrov-gpg-") as home:
        alone = {"GNUPGHOME": home}
        gpg = ("gpg", "--batch", "--quiet", "--yes", "--passphrase", "")
        key = ("--quick-gen-key", "Ostrov bundle (Debian packages)", "ed25519", "sign", "never")
        try:
            run([*gpg, *key], "Making the repository's key", remedy, environment=alone)
            signed = ("--clearsign", "--output", folder / "InRelease", folder / "Release")
            run([*gpg, *signed], "Signing the repository", remedy, environment=alone)
            exported = ("--export", "--output", folder / "archive-key.gpg")
            run([*gpg, *exported], "Writing the repository's key", remedy, environment=alone)
        finally:
            run(["gpgconf", "--kill", "all"], "Ending gpg's agent", remedy, environment=alone)
