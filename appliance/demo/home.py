"""The state directory of a demo: one place, its rooms, and the secrets that the first start makes."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

# The kernel takes at most 107 bytes for a socket's path; PostgreSQL adds a file name of 14.
LONGEST_SOCKET_DIR = 90
PRIVATE = 0o700


@dataclass(frozen=True)
class Home:
    """Paths below OSTROV_HOME."""

    root: Path

    @property
    def run(self) -> Path:
        """Process ids, sockets, keys: what matters while the product runs."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One log a process."""
        return self.root / "logs"

    @property
    def database(self) -> Path:
        """The data directory of the embedded PostgreSQL."""
        return self.root / "postgres"

    @property
    def models(self) -> Path:
        """Assembled model weights."""
        return self.root / "models"

    @property
    def status(self) -> Path:
        """What the running demo tells about itself, as JSON."""
        return self.run / "status.json"

    @property
    def lock(self) -> Path:
        """Held while a demo runs: one demo a state directory."""
        return self.run / "lock"

    @property
    def accounts(self) -> Path:
        """The demo accounts, written by the loader of the sample company."""
        return self.run / "accounts.json"

    def pid_file(self, process: str) -> Path:
        """Where the id of one child process is remembered, for the start after a crash."""
        return self.run / f"{process}.pid.json"

    def log(self, process: str) -> Path:
        """The log of one child process."""
        return self.logs / f"{process}.log"

    def prepare(self) -> None:
        """Create the rooms, readable by their owner alone."""
        self.root.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
        for room in (self.run, self.logs, self.models, self.root / "recordings", self.root / "documents"):
            room.mkdir(exist_ok=True, mode=PRIVATE)

    def socket_dir(self) -> Path:
        """Return where PostgreSQL puts its socket: in `run/`, or under /tmp when that path would be too long."""
        inside = self.run / "pg"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_DIR:
            return inside
        mark = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"ostrov-{os.getuid()}-{mark}"

    def secret(self, name: str) -> Path:
        """Return the file of a secret, making the secret first when there is none."""
        path = self.run / "keys" / name
        path.parent.mkdir(exist_ok=True, mode=PRIVATE)
        if not path.exists():
            # Opened exclusively with its final rights: nobody can read it in between.
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
                stream.write(secrets.token_urlsafe(32))
        return path
