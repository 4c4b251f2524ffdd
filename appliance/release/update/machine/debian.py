"""Debian packages out of unpacked bundles."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.release.update.engine import StepFailed
from appliance.release.update.files import write_whole
from appliance.release.update.layout import Layout
from appliance.release.update.machine.running import run
from appliance.release.update.ports import PackageChange

QUIET: Final = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l"}
PATIENTLY: Final = ("-q", "-o", "DPkg::Lock::Timeout=120")
KEEP_OUR_FILES: Final = ("-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold")
INSTALL_SECONDS: Final = 1800.0


def offered(bundle: Path) -> dict[str, str]:
    """Packages of an unpacked bundle with their versions; none when it has no packages at all."""
    index = bundle / "apt/Packages"
    return offered_in(index.read_text(encoding="utf-8")) if index.exists() else {}


def offered_in(index: str) -> dict[str, str]:
    """Packages of a repository's list with their versions."""
    found: dict[str, str] = {}
    for paragraph in index.split("\n\n"):
        fields = dict(re.findall(r"^(Package|Version): *(.+)$", paragraph, re.MULTILINE))
        if len(fields) == 2:
            found[fields["Package"]] = fields["Version"]
    return found


def changes_to(layout: Layout, packages: Mapping[str, str]) -> list[PackageChange]:
    """Packages that came with the serving release and are offered newer, and packages that its bundle did not have.

    What the machine has from elsewhere could not be brought back, and is left alone.
    """
    serving = layout.serving()
    before = offered(layout.bundle(serving)) if serving else {}
    installed = _installed() if before else {}
    changes = []
    for name, version in sorted(packages.items()):
        present = installed.get(name, "")
        fresh = bool(before) and not present and name not in before
        if fresh or (present and present == before.get(name) and _newer(version, present)):
            changes.append(PackageChange(name, present, version))
    return changes


@dataclass(frozen=True)
class BundlePackages:
    """The real part of the port `Packages`."""

    layout: Layout

    @property
    def _bundle(self) -> re.Pattern[str]:
        return re.compile(rf"{re.escape(str(self.layout.bundles))}/[^/\s]+")

    def changes(self, bundle: Path) -> list[PackageChange]:
        """What an unpacked bundle would change."""
        return changes_to(self.layout, offered(bundle))

    def install(self, bundle: Path, changes: Sequence[PackageChange]) -> None:
        """Let apt read the bundle's packages, and install exactly these versions."""
        self._read(bundle)
        if changes:
            self._apt([f"{change.name}={change.new}" for change in changes])

    def source(self) -> Path:
        """The unpacked bundle that apt's source names."""
        named = self.layout.source.exists() and self._bundle.search(self.layout.source.read_text(encoding="utf-8"))
        if not named:
            raise StepFailed(f"{self.layout.source} names no bundle.", "Run the playbook site.yml again.")
        return Path(named[0])

    def put_back(self, bundle: Path, changes: Sequence[PackageChange], source: Path) -> list[str]:
        """Install the former versions; packages that were not there before are removed."""
        installed = _installed()
        moved = [change for change in changes if installed.get(change.name, "") != change.old]
        available = offered(bundle)
        if moved:
            self._read(bundle)
        back = [c for c in moved if c.old and available.get(c.name) == c.old]
        added = [f"{change.name}-" for change in moved if not change.old]
        if back or added:
            self._apt([*(f"{change.name}={change.old}" for change in back), *added])
        self._read(source)
        return [f"{change.name}={change.old}" for change in moved if change.old and change not in back]

    def _read(self, bundle: Path) -> None:
        """Point apt's source at a bundle and read its list."""
        if self.source() != bundle:
            text = self.layout.source.read_text(encoding="utf-8")
            write_whole(self.layout.source, self._bundle.sub(str(bundle), text))
        run(["apt-get", *PATIENTLY, "update"], seconds=300, environment=QUIET)

    def _apt(self, wanted: Sequence[str]) -> None:
        options = ("-y", "--no-install-recommends", "--allow-downgrades", "--allow-change-held-packages")
        run(["dpkg", "--configure", "-a"], seconds=INSTALL_SECONDS, environment=QUIET)
        command = ["apt-get", *PATIENTLY, "install", *options, *KEEP_OUR_FILES, *wanted]
        run(command, seconds=INSTALL_SECONDS, environment=QUIET)


def _installed() -> dict[str, str]:
    """Installed packages with their versions."""
    text = run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version}\n"], seconds=60)
    rows = (line.split(" ") for line in text.splitlines())
    return {row[1]: row[2] for row in rows if row[0] == "installed"}


def _newer(candidate: str, present: str) -> bool:
    """Whether Debian orders a version after another one."""
    if candidate == present:
        return False
    try:
        run(["dpkg", "--compare-versions", candidate, "gt", present], seconds=10)
    except StepFailed:
        return False
    return True
