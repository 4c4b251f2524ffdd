"""Where everything of a provisioned server lies; `root` is `/` but in tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The paths that an update reads and changes."""

    root: Path = Path("/")

    @property
    def releases(self) -> Path:
        """One folder a release."""
        return self.root / "opt/ostrov/releases"

    @property
    def current(self) -> Path:
        """The link to the release that serves."""
        return self.root / "opt/ostrov/current"

    @property
    def settings(self) -> Path:
        """The folder of the programs' settings."""
        return self.root / "etc/ostrov"

    @property
    def secrets(self) -> Path:
        """The folder that root alone may read."""
        return self.settings / "secrets"

    @property
    def signers(self) -> Path:
        """Whose signatures of bundles are trusted."""
        return self.settings / "trust/allowed_signers"

    @property
    def authority(self) -> Path:
        """The certificate of the appliance's own authority; absent when the company brought its own."""
        return self.settings / "pki/ca.crt"

    @property
    def bundles(self) -> Path:
        """Received bundles, unpacked, one folder a version."""
        return self.root / "var/lib/ostrov/bundles"

    @property
    def state(self) -> Path:
        """What the machine remembers of its releases."""
        return self.root / "var/lib/ostrov/release"

    @property
    def journals(self) -> Path:
        """One journal an update."""
        return self.state / "journal"

    @property
    def backups(self) -> Path:
        """Safety backups of updates, one folder each."""
        return self.state / "backup"

    @property
    def lock(self) -> Path:
        """Held by the one update that runs."""
        return self.state / "update.lock"

    @property
    def pinned(self) -> Path:
        """The link to the release whose code finishes an interrupted update at boot; there only while one is open."""
        return self.state / "resume"

    @property
    def upstream(self) -> Path:
        """Nginx's file that names the web instance which gets the requests."""
        return self.root / "etc/nginx/ostrov-upstream.conf"

    @property
    def source(self) -> Path:
        """Apt's file that names the bundle whose packages it takes."""
        return self.root / "etc/apt/sources.list.d/ostrov.sources"

    @property
    def replaced(self) -> tuple[Path, ...]:
        """Files and links outside of the updates' own folder that an update replaces."""
        return (self.source, self.upstream, self.current)

    @property
    def sockets(self) -> Path:
        """One socket a web instance."""
        return self.root / "run/ostrov-web"

    def release(self, version: str) -> Path:
        """The folder of one release."""
        return self.releases / version

    def command(self, version: str) -> Path:
        """The `ostrov` command of one release."""
        return self.release(version) / "venv/bin/ostrov"

    def bundle(self, version: str) -> Path:
        """The unpacked bundle of one version."""
        return self.bundles / version

    def socket(self, version: str) -> Path:
        """The socket of one web instance."""
        return self.sockets / f"{version}.sock"

    def serving(self) -> str | None:
        """The version that `current` names; None when nothing is installed."""
        return self.current.readlink().name if self.current.is_symlink() else None

    def installed(self) -> list[str]:
        """Versions whose folders are complete: a release gets its manifest last."""
        found = self.releases.iterdir() if self.releases.is_dir() else ()
        return sorted(
            path.name for path in found if not path.name.startswith(".") and (path / "manifest.json").exists()
        )
