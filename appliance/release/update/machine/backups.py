"""Safety backups of the database: a physical copy, and the log up to one named moment, beside the machine's releases.

While a backup is taken and until its moment is named, a replication slot keeps the log. It is there for minutes: a
slot that nobody reads would fill the disk.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.release.update.engine import StepFailed
from appliance.release.update.files import remove_folder, sync_folder, write_whole
from appliance.release.update.journal import Facts
from appliance.release.update.machine.cluster import SUPERUSER, Cluster
from appliance.release.update.machine.running import run

SLOT: Final = "ostrov_update"
DROP_SLOT: Final = (
    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
    "WHERE slot_name = 'ostrov_update' AND NOT active"
)
RECOVERY_SECONDS: Final = 3600.0
LOG_BYTES: Final = 256 << 20  # the log that a backup brings with it


def _point(label: str) -> str:
    """The name of the moment in the log."""
    return f"ostrov_{label}"


@dataclass(frozen=True)
class PhysicalBackups:
    """The real part of the port `Backups` where no backup program is configured: what comes with PostgreSQL."""

    cluster: Cluster
    folder: Path

    def room_needed(self) -> int:
        """Bytes of all databases, and the log."""
        return int(self.cluster.ask("SELECT sum(pg_database_size(oid)) FROM pg_database")) + LOG_BYTES

    def take(self, label: str) -> Facts:
        """Copy the running cluster, with checksums of all files, and keep its log from then on."""
        folder = self.folder / label
        self.forget(label)
        self.folder.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        _give(folder)
        self.cluster.ask(f"SELECT pg_create_physical_replication_slot('{SLOT}', true)")
        began = time.monotonic()
        options = ["--checkpoint=fast", "--wal-method=stream", "--manifest-checksums=SHA256", "--no-password"]
        self.cluster.run("pg_basebackup", [*self._way(), f"--pgdata={folder / 'base'}", *options])
        verify_copy(folder / "base")
        facts = {"folder": str(folder), "seconds_taken": round(time.monotonic() - began, 1)}
        write_whole(folder / "backup.json", json.dumps(facts))
        return facts

    def mark(self, label: str) -> Facts:
        """Write a named moment into the log, fetch the log up to it, and let the slot go."""
        folder = self.folder / label
        if not (folder / "backup.json").exists():
            raise StepFailed(f"There is no whole backup in {folder}.")
        wal = folder / "wal"
        wal.mkdir(mode=0o700, exist_ok=True)
        _give(wal)
        position = self.cluster.ask(f"SELECT pg_create_restore_point('{_point(label)}')")
        self.cluster.ask("SELECT pg_switch_wal()")
        options = [f"--slot={SLOT}", f"--endpos={position}", "--no-loop", "--no-password"]
        self.cluster.run("pg_receivewal", [*self._way(), f"--directory={wal}", *options])
        self._drop_slot()
        facts = {"point": _point(label), "position": position}
        write_whole(folder / "point.json", json.dumps(facts))
        return facts

    def restore(self, label: str) -> None:
        """Put the backup in the place of the data directory and bring it forward to the named moment.

        The present data directory is only moved aside until the restored one has come up.
        """
        folder, data = self.folder / label, self.cluster.data
        if not (folder / "point.json").exists():
            raise StepFailed(f"{folder} has no backup with a named moment.", "Restore the newest backup by hand.")
        restored = data.with_name(f"{data.name}.restored-{label}")
        replaced = data.with_name(f"{data.name}.replaced-{label}")
        if not replaced.exists():
            verify_copy(folder / "base")
            self._build(folder, restored)
            self.cluster.stop()
            data.rename(replaced)
            sync_folder(data.parent)
        if not data.exists():
            restored.rename(data)
            sync_folder(data.parent)
        self.cluster.start()
        self._wait_promoted()
        for name in ("restore_command", "recovery_target_name", "recovery_target_action", "recovery_target_timeline"):
            self.cluster.ask(f"ALTER SYSTEM RESET {name}")
        remove_folder(replaced)

    def forget(self, label: str) -> None:
        """Remove a backup and what a half restore of it left; let the log go."""
        folder, data = self.folder / label, self.cluster.data
        if not folder.exists():
            return
        if not (folder / "point.json").exists():
            self._drop_slot()
        shutil.rmtree(data.with_name(f"{data.name}.restored-{label}"), ignore_errors=True)
        remove_folder(folder)

    def _way(self) -> list[str]:
        """How the programs reach the server."""
        sockets = self.cluster.ask("SHOW unix_socket_directories").split(",")[0].strip()
        return [f"--host={sockets}", f"--username={SUPERUSER}", f"--port={self.cluster.ask('SHOW port')}"]

    def _build(self, folder: Path, restored: Path) -> None:
        """Copy the backup beside the data directory and tell it how far to go."""
        shutil.rmtree(restored, ignore_errors=True)
        run(["cp", "--archive", "--reflink=auto", str(folder / "base"), str(restored)], seconds=RECOVERY_SECONDS)
        wal = folder / "wal"
        settings = {
            "restore_command": f'cp "{wal}/%f" "%p" || cp "{wal}/%f.partial" "%p"',
            "recovery_target_name": json.loads((folder / "point.json").read_text())["point"],
            "recovery_target_action": "promote",
            "recovery_target_timeline": "current",
        }
        with (restored / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        (restored / "recovery.signal").touch(mode=0o600)
        _give(restored / "recovery.signal")
        run(["sync", "--file-system", str(restored)], seconds=RECOVERY_SECONDS)

    def _wait_promoted(self) -> None:
        """Wait until the server has reached the moment and takes changes."""
        deadline = time.monotonic() + RECOVERY_SECONDS
        seen = ""
        while time.monotonic() < deadline:
            try:
                seen = self.cluster.ask("SELECT pg_is_in_recovery()")
            except StepFailed as failure:
                seen = str(failure)
            if seen == "f":
                return
            time.sleep(0.3)
        raise StepFailed(f"The database did not come up from its backup: {seen}")

    def _drop_slot(self) -> None:
        """Remove the slot when it is there and nobody uses it."""
        self.cluster.ask(DROP_SLOT)


def verify_copy(base: Path) -> None:
    """Compare every file of a physical copy with the manifest that the server wrote. Raises StepFailed."""
    try:
        files = json.loads((base / "backup_manifest").read_bytes())["Files"]
    except (OSError, ValueError, KeyError) as error:
        raise StepFailed(f"The backup in {base} has no readable manifest: {error}") from None
    for entry in files:
        path = base / entry["Path"]
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise StepFailed(f"The backup in {base} lacks a file: {error}") from None
        if found != entry["Checksum"].lower():
            raise StepFailed(f"The backup in {base} is damaged: {entry['Path']} differs from its checksum.")


def _give(path: Path) -> None:
    """Let the cluster's owner write there; nothing is done when we are that owner ourselves."""
    if os.geteuid() == 0:
        entry = pwd.getpwnam(SUPERUSER)
        os.chown(path, entry.pw_uid, entry.pw_gid)
