"""What an update asks of the machine. Each port has its real part and, in the tests, a twin that keeps its state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from appliance.release.update.journal import Facts


@dataclass(frozen=True)
class Schema:
    """What a bundle says of the database's schema."""

    heads: dict[str, str]
    readable_by: str


@dataclass(frozen=True)
class Release:
    """What a bundle's manifest says, as far as an update needs it."""

    version: str
    key_id: str = ""
    min_from: str = "0.0.0"
    schema: Schema = field(default_factory=lambda: Schema({}, "0.0.0"))
    bytes_unpacked: int = 0


@dataclass(frozen=True)
class PackageChange:
    """A Debian package that a bundle brings in another version than the machine has; `old` is empty for a new one."""

    name: str
    old: str
    new: str

    def as_facts(self) -> Facts:
        """The change as JSON."""
        return asdict(self)


class Bundles(Protocol):
    """Bundles: verified, unpacked, remembered."""

    def verify(self, bundle: Path, *, older: bool = False) -> Release:
        """Verify every byte of a bundle and return what it is. Raises StepFailed with the sentence of the refusal."""

    def unpack(self, bundle: Path, folder: Path) -> None:
        """Verify and unpack a bundle: the folder is whole or absent."""

    def clear(self, folder: Path, *, keep: bool) -> None:
        """Remove what was unpacked, or only what an interrupted unpacking has left beside it."""

    def installed(self, version: str) -> Release:
        """Return what the manifest of an installed release says."""

    def remember(self, release: Release, entry: Facts) -> None:
        """Write the installed version, the highest one of its key, and a line of the history."""


class Services(Protocol):
    """The units of the machine."""

    def active(self, unit: str) -> bool:
        """Whether a unit runs."""

    def enabled(self, unit: str) -> bool:
        """Whether a unit is started at boot."""

    def at_boot(self, unit: str, *, wanted: bool) -> None:
        """Let a unit be started at boot, or not."""

    def start(self, unit: str) -> None:
        """Start a unit. Raises StepFailed with its last log lines."""

    def stop(self, unit: str) -> None:
        """Stop a unit and wait until its work in hand is finished."""

    def restart(self, units: Sequence[str]) -> None:
        """Restart units all at once, or start them. Raises StepFailed with the last log lines of a culprit."""

    def settle(self, units: Sequence[str]) -> None:
        """See units run for a while without being started anew. Raises StepFailed with a culprit's last lines."""


class Front(Protocol):
    """The door to the LAN."""

    def serving(self) -> str:
        """The version whose web instance gets the requests."""

    def serve(self, version: str) -> None:
        """Give the requests to another instance without cutting one off; the configuration is tested before."""

    def drain(self) -> None:
        """Wait until no request is on its way to the former instance any more."""


class Instances(Protocol):
    """Web instances, asked on their own sockets."""

    def wait_ready(self, version: str) -> Facts:
        """Wait until an instance says that it can work. Raises StepFailed with what it says instead."""


class Packages(Protocol):
    """Debian packages out of bundles."""

    def changes(self, bundle: Path) -> list[PackageChange]:
        """Return what an unpacked bundle would change."""

    def install(self, bundle: Path, changes: Sequence[PackageChange]) -> None:
        """Bring packages to their new versions."""

    def source(self) -> Path:
        """The unpacked bundle that apt reads."""

    def put_back(self, bundle: Path, changes: Sequence[PackageChange], source: Path) -> list[str]:
        """Bring packages to their old versions out of a bundle and let apt read what it read before.

        Returns the packages that the bundle has not got in their old versions.
        """


class Installer(Protocol):
    """Makes a release of an unpacked bundle."""

    def install(self, bundle: Path, version: str) -> None:
        """Make the release's folder with its environment, whole: its manifest comes last."""

    def smoke(self, version: str) -> None:
        """Start the release's command once, to see that its code can be imported."""


class Database(Protocol):
    """The schema and its migrations."""

    def heads(self) -> dict[str, str]:
        """Which migration each part of the schema is at."""

    def migrate(self, version: str) -> None:
        """Bring the schema to what a release needs."""

    def audit_head(self) -> Facts:
        """Return number and hash of the newest entry of the audit. Raises StepFailed."""

    def note_return(self, label: str, lost: Facts) -> None:
        """Note in the audit that the database went back to a named moment, and which newest entry it had had."""


class Backups(Protocol):
    """The database as it was, to be brought back to a named point."""

    def room_needed(self) -> int:
        """Bytes that a backup would take."""

    def take(self, label: str) -> Facts:
        """Take a backup of the running database; the facts say how to find it."""

    def mark(self, label: str) -> Facts:
        """Name this moment, and make sure that the backup can be brought forward to it."""

    def restore(self, label: str) -> None:
        """Stop the database, bring it to the named moment, start it. May be asked again after a half restore."""

    def forget(self, label: str) -> None:
        """Remove a backup, and stop holding the database's log for it; nothing happens when there is none."""


class Prober(Protocol):
    """Uses the product as a client would, through nginx."""

    def probe(self, version: str) -> Facts:
        """Sign in, search, and ask for a proposal where engines are up. Raises StepFailed with what was seen."""

    def close(self) -> None:
        """Turn the probe's account off."""


class Doctor(Protocol):
    """The product's own examination of the machine."""

    def examine(self) -> Facts:
        """Return its findings. Raises StepFailed when something is broken."""


class Hooks(Protocol):
    """Programs of the company's own."""

    def names(self, moment: str) -> list[str]:
        """Those for a moment (`before`, `after`), in their order."""

    def call(self, moment: str, name: str, about: Mapping[str, str]) -> Facts:
        """Run one; `about` is its environment. Raises StepFailed."""


class Room(Protocol):
    """Room on disks."""

    def free(self, folder: Path) -> int:
        """Bytes that are free where a folder lies."""


@dataclass(frozen=True)
class Machine:
    """Everything that an update works with."""

    bundles: Bundles
    services: Services
    front: Front
    instances: Instances
    packages: Packages
    installer: Installer
    database: Database
    backups: Backups
    prober: Prober
    doctor: Doctor
    room: Room
    hooks: Hooks


def release_of(manifest: dict[str, Any]) -> Release:
    """Read a bundle's manifest as far as an update needs it."""
    schema = manifest.get("schema", {})
    heads = {part: str(value["head"]) for part, value in schema.items() if isinstance(value, dict)}
    sizes = (int(entry["size"]) for entry in manifest.get("files", {}).values())
    return Release(
        version=str(manifest["version"]),
        key_id=str(manifest.get("key_id", "")),
        min_from=str(manifest.get("min_from") or "0.0.0"),
        schema=Schema(heads, str(schema.get("readable_by") or manifest["version"])),
        bytes_unpacked=sum(sizes),
    )
