"""Steps that have to do with the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from appliance.release.update.engine import StepFailed
from appliance.release.update.journal import Facts
from appliance.release.update.plan import WRITERS, web_unit
from appliance.release.update.ports import Machine
from appliance.release.update.steps.base import BaseStep


class Backup(BaseStep):
    """There is a safety backup of the database."""

    name: ClassVar[str] = "backup"
    told: ClassVar[str] = "Take a safety backup of the database"
    seconds: ClassVar[int] = 60

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Take it while the product works."""
        del facts, past
        return self.machine.backups.take(self.plan.label)

    def undo(self, facts: Facts, past: Mapping[str, Facts]) -> None:
        """Remove it: when this is asked, the database is what it was."""
        del facts, past
        self.machine.backups.forget(self.plan.label)


class Pause(BaseStep):
    """Nobody writes, where the old release could not read what the new one makes of the schema."""

    name: ClassVar[str] = "pause"
    told: ClassVar[str] = "Pause the product, if both releases cannot share the schema"

    def prepare(self) -> Facts:
        """Remember what runs, and what is started at boot."""
        services, units = self.machine.services, (web_unit(self.plan.old), *WRITERS)
        running = [unit for unit in units if services.active(unit)]
        return {"running": running, "at_boot": [unit for unit in units if services.enabled(unit)]}

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Stop what writes; it would not come back at a restart either."""
        del past
        if self.plan.pauses:
            for unit in facts["at_boot"]:
                self.machine.services.at_boot(unit, wanted=False)
            for unit in facts["running"]:
                self.machine.services.stop(unit)
        return {**facts, "paused": self.plan.pauses}

    def undo(self, facts: Facts, past: Mapping[str, Facts]) -> None:
        """Start it again."""
        del past
        if self.plan.pauses:
            for unit in facts["at_boot"]:
                self.machine.services.at_boot(unit, wanted=True)
            for unit in reversed(facts["running"]):
                self.machine.services.start(unit)
            self.machine.instances.wait_ready(self.plan.old)


class RestorePoint(BaseStep):
    """The moment before the migrations has a name, and the backup can be brought forward to it."""

    name: ClassVar[str] = "restore-point"
    told: ClassVar[str] = "Name the moment to which the database can return"
    seconds: ClassVar[int] = 5

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Name it and keep the log up to it."""
        del facts, past
        return self.machine.backups.mark(self.plan.label)


class Migrate(BaseStep):
    """The schema is what the new release needs."""

    name: ClassVar[str] = "migrate"
    told: ClassVar[str] = "Add to the schema what the new release needs"
    seconds: ClassVar[int] = 10

    def prepare(self) -> Facts:
        """Note where the schema is, and the audit."""
        return {"heads": self.machine.database.heads(), "audit": self.machine.database.audit_head()}

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Run the new release's migrations."""
        del past
        self.machine.database.migrate(self.plan.new)
        return {**facts, "heads": self.machine.database.heads()}

    def undo(self, facts: Facts, past: Mapping[str, Facts]) -> None:
        """Take the database back to the named moment, where the old release could not work on what is there.

        Otherwise nothing is done: what was added does no harm to the old release, and everything that people have
        written stays.
        """
        del past
        if self.plan.pauses:
            _bring_back(self.machine, self.plan.label, facts["audit"])


class TakeBack(BaseStep):
    """The database is what it was before the update that is rolled back; asked for by name only."""

    name: ClassVar[str] = "take-back"
    told: ClassVar[str] = "Bring the database back to the moment before the update"
    seconds: ClassVar[int] = 60

    def prepare(self) -> Facts:
        """Note where the audit is."""
        return {"audit": self.machine.database.audit_head()}

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Restore the backup of the former update."""
        del past
        _bring_back(self.machine, self.plan.to_point, facts["audit"])
        return {**facts, "heads": self.machine.database.heads()}

    def undo(self, facts: Facts, past: Mapping[str, Facts]) -> None:
        """Bring the database to the moment before the rollback."""
        del facts
        if "restore-point" not in past:
            raise StepFailed("There is no moment to return to.", "Restore the newest backup.")
        self.machine.backups.restore(self.plan.label)


def _bring_back(machine: Machine, label: str, noted: Facts) -> None:
    """Bring the database to a named moment and note in its audit what was lost.

    The newest entry is asked for once more: the pages may have written after it was `noted`. A database that does not
    answer is one whose restore was cut off.
    """
    try:
        lost = max(machine.database.audit_head(), noted, key=lambda head: int(head["seq"]))
    except StepFailed:
        lost = noted
    machine.backups.restore(label)
    machine.database.note_return(label, lost)
