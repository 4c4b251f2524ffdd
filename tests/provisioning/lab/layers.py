"""Stacks of folders: a guest writes into its own, a snapshot is one that nobody writes into any more."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.provisioning.lab.places import BASE, SNAPSHOTS, LabError, run


@dataclass(frozen=True)
class Snapshot:
    """What a guest had written when it was kept, on top of the snapshots below it."""

    name: str

    @property
    def folder(self) -> Path:
        return SNAPSHOTS / self.name

    @property
    def exists(self) -> bool:
        return (self.folder / "layer.json").exists()

    def facts(self) -> dict[str, object]:
        """`below`: the snapshots under it, newest first; `number`: the address of the guest that it was taken of."""
        if not self.exists:
            raise LabError(
                f"There is no snapshot {self.name}; those kept: {', '.join(kept()) or 'none (prepare first)'}"
            )
        facts: dict[str, object] = json.loads((self.folder / "layer.json").read_text())
        return facts

    def stack(self) -> list[str]:
        """This snapshot and those below it, newest first."""
        below = self.facts()["below"]
        assert isinstance(below, list)
        return [self.name, *below]

    def keep(self, written: Path, *, below: list[str], number: int | None) -> None:
        """Take over a folder that a guest has written."""
        if self.exists:
            raise LabError(f"A snapshot {self.name} is kept already: choose another name or `forget {self.name}`")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        written.rename(self.folder / "files")
        (self.folder / "layer.json").write_text(json.dumps({"below": below, "number": number}))

    def forget(self) -> None:
        """Remove it, unless another snapshot stands on it."""
        users = [name for name in kept() if self.name in Snapshot(name).stack()[1:]]
        if users:
            raise LabError(f"{self.name} is under {', '.join(users)}: forget those first")
        (self.folder / "layer.json").unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def kept() -> list[str]:
    """Names of all snapshots."""
    return sorted(path.parent.name for path in SNAPSHOTS.glob("*/layer.json"))


def mount(stack: list[str], written: Path, at: Path) -> None:
    """Show the base, the snapshots of the stack over it and what is written over all of them at one place."""
    work = written.with_name("work")
    for folder in (written, work, at):
        folder.mkdir(parents=True, exist_ok=True)
    lower = ":".join(str(folder) for folder in [*(Snapshot(name).folder / "files" for name in stack), BASE])
    # A folder from a layer below can be renamed, as on a real disk, only with redirect_dir.
    options = f"lowerdir={lower},upperdir={written},workdir={work},redirect_dir=on"
    run(["mount", "-t", "overlay", "overlay", "-o", options, at])


def unmount(at: Path) -> None:
    """Take the stack away, if it is there."""
    if at.is_mount():
        run(["umount", at])
