"""Steps that only look, and refuse an update before anything is touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from appliance.release.update.engine import StepFailed
from appliance.release.update.files import size_of
from appliance.release.update.journal import Facts
from appliance.release.update.plan import PROGRAMS, UPDATE, version_of, web_unit
from appliance.release.update.steps.base import BaseStep

MEGABYTE: Final = 1 << 20
RESERVE: Final = 256 * MEGABYTE  # what the machine needs to go on working while an update runs
GROWTH_OF_WHEELS: Final = 4  # an installed wheel with its compiled modules, against its archive


class Verify(BaseStep):
    """The bundle is whole, signed by a trusted key, in date, and newer than what the machine has seen."""

    name: ClassVar[str] = "verify"
    touches: ClassVar[bool] = False
    told: ClassVar[str] = "Verify the bundle"
    seconds: ClassVar[int] = 20

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Read every byte of the bundle."""
        del facts, past
        release = self.machine.bundles.verify(self.plan.bundle_path)
        if release.version != self.plan.new:
            raise StepFailed(f"The bundle holds {release.version} now, not {self.plan.new}.", "Start the update again.")
        return {"version": release.version, "key_id": release.key_id}


class Preflight(BaseStep):
    """The machine is healthy, has room, and may go from its release to the new one."""

    name: ClassVar[str] = "preflight"
    touches: ClassVar[bool] = False
    told: ClassVar[str] = "Look whether the machine is fit for it"
    seconds: ClassVar[int] = 15

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Look at versions, links, units, room and the doctor's findings."""
        del facts, past
        self._releases()
        self._units()
        room = self._room()
        return {**room, "doctor": self.machine.doctor.examine()}

    def _releases(self) -> None:
        """The release that serves is the one that the plan leaves, and the way to the new one is allowed."""
        serving = self.layout.serving()
        if serving != self.plan.old:
            raise StepFailed(f"`current` names {serving}, the plan was made for {self.plan.old}.", "Start again.")
        if self.machine.front.serving() != serving:
            raise StepFailed(
                f"nginx sends requests to {self.machine.front.serving()}, `current` names {serving}.",
                f"Let {self.layout.upstream} name /run/ostrov-web/{serving}.sock and reload nginx.",
            )
        if serving not in self.layout.installed():
            raise StepFailed(f"The release {serving} is not complete.", "Run the playbook site.yml again.")
        if self.plan.kind == UPDATE:
            self._upwards()
        elif self.plan.new not in self.layout.installed():
            raise StepFailed(f"The release {self.plan.new} is not on this machine any more.")

    def _upwards(self) -> None:
        """An update leads to a newer release, from one that it was made for."""
        if version_of(self.plan.new) <= version_of(self.plan.old):
            raise StepFailed(f"{self.plan.new} is not newer than {self.plan.old}.", "To go back, type: ostrov rollback")
        if version_of(self.plan.old) < version_of(self.plan.min_from):
            raise StepFailed(
                f"{self.plan.new} can be reached from {self.plan.min_from} or newer; this machine has {self.plan.old}.",
                f"Update to {self.plan.min_from} first.",
            )

    def _units(self) -> None:
        """What must serve after the update serves now."""
        units = (web_unit(self.plan.old), *PROGRAMS)
        down = [unit for unit in units if not self.machine.services.active(unit)]
        if down:
            raise StepFailed(
                f"Not running: {', '.join(down)}.", f"Look at `journalctl -u {down[0]}`, mend it, then try again."
            )
        self.machine.instances.wait_ready(self.plan.old)

    def _room(self) -> Facts:
        """The disk holds the safety backup, the unpacked bundle and the new release at the same time."""
        needs: dict[str, int] = {}
        if self.plan.kind == UPDATE:
            bundle = self.plan.bytes_unpacked
            present = size_of(self.layout.release(self.plan.old))
            needs = {
                str(self.layout.backups): self.machine.backups.room_needed(),
                str(self.layout.bundles): bundle,
                str(self.layout.releases): max(present, min(bundle, present * GROWTH_OF_WHEELS)),
            }
        elif self.plan.to_point:
            needs = {str(self.layout.backups): 2 * self.machine.backups.room_needed()}
        _require(needs, {folder: self.machine.room.free(self.layout.root / folder) for folder in needs})
        return {"room_needed": sum(needs.values())}


def _require(needs: Mapping[str, int], free: Mapping[str, int]) -> None:
    """Refuse when there is less room than needed; folders with the same room are taken to lie on one disk."""
    for room in set(free.values()):
        folders = [folder for folder in needs if free[folder] == room]
        needed = sum(needs[folder] for folder in folders) + RESERVE
        if room < needed:
            raise StepFailed(
                f"{', '.join(folders)}: {needed // MEGABYTE} MB are needed and {room // MEGABYTE} MB are free.",
                f"Make {(needed - room) // MEGABYTE + 1} MB free, then try again.",
            )
