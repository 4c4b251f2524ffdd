"""Steps that bring the new release onto the machine and start it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from appliance.release.update.engine import StepFailed
from appliance.release.update.files import link_target, point_link, remove_folder
from appliance.release.update.journal import Facts
from appliance.release.update.plan import ENGINES, PROGRAMS, WRITERS, web_unit
from appliance.release.update.ports import PackageChange
from appliance.release.update.steps.base import BaseStep


class Unpack(BaseStep):
    """The bundle's parts are on the disk."""

    name: ClassVar[str] = "unpack"
    told: ClassVar[str] = "Unpack the bundle"
    seconds: ClassVar[int] = 30

    def prepare(self) -> Facts:
        """Remember whether somebody unpacked it before."""
        return {"was_there": self.layout.bundle(self.plan.new).exists()}

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Unpack; what was unpacked before is unpacked anew, because nobody vouches for it."""
        del facts, past
        folder = self.layout.bundle(self.plan.new)
        folder.parent.mkdir(parents=True, exist_ok=True)
        self.machine.bundles.unpack(self.plan.bundle_path, folder)
        return {"folder": str(folder)}

    def undo(self, facts: Facts, past: Mapping[str, Facts]) -> None:
        """Remove what was unpacked, unless it was there."""
        del past
        self.machine.bundles.clear(self.layout.bundle(self.plan.new), keep=bool(facts.get("was_there")))


class Packages(BaseStep):
    """Debian packages are those of the bundle."""

    name: ClassVar[str] = "packages"
    told: ClassVar[str] = "Install Debian packages"
    seconds: ClassVar[int] = 30

    def prepare(self) -> Facts:
        """Note which packages change, and from what, and which bundle apt reads."""
        changes = self.machine.packages.changes(self.layout.bundle(self.plan.new))
        source = self.machine.packages.source()
        return {"changes": [change.as_facts() for change in changes], "source": str(source)}

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Let apt read the new bundle, and install what changes."""
        del past
        changes = _changes(facts)
        self.machine.packages.install(self.layout.bundle(self.plan.new), changes)
        return {"changed": len(changes)}

    def undo(self, facts: Facts, past: Mapping[str, Facts]) -> None:
        """Bring the old versions back."""
        del past
        source = Path(facts["source"])
        left = self.machine.packages.put_back(self.layout.bundle(self.plan.old), _changes(facts), source)
        if left:
            raise StepFailed(
                f"No bundle on this machine has the former version of {', '.join(left)}.",
                f"Install it by hand: apt-get install --allow-downgrades {' '.join(left)}",
            )


def _changes(facts: Facts) -> list[PackageChange]:
    """Read changes out of the journal."""
    return [PackageChange(**change) for change in facts.get("changes", [])]


class NewRelease(BaseStep):
    """The new release's folder is there, and its code starts."""

    name: ClassVar[str] = "release"
    told: ClassVar[str] = "Install the new release beside the old one"
    seconds: ClassVar[int] = 60

    def prepare(self) -> Facts:
        """Remember whether the very release of this bundle was there, whole, before."""
        manifests = [folder / "manifest.json" for folder in self._folders()]
        same = all(path.exists() for path in manifests) and len({path.read_bytes() for path in manifests}) == 1
        return {"was_there": same}

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Install it from wheels, then start its command once."""
        del past
        if not facts["was_there"]:
            remove_folder(self.layout.release(self.plan.new))
            self.machine.installer.install(self.layout.bundle(self.plan.new), self.plan.new)
        self.machine.installer.smoke(self.plan.new)
        return {"folder": str(self.layout.release(self.plan.new))}

    def _folders(self) -> tuple[Path, Path]:
        return self.layout.release(self.plan.new), self.layout.bundle(self.plan.new)

    def undo(self, facts: Facts, past: Mapping[str, Facts]) -> None:
        """Remove the folder, unless it was there."""
        del past
        if not facts.get("was_there"):
            remove_folder(self.layout.release(self.plan.new))


class NewWeb(BaseStep):
    """The new release's web instance is ready, beside the old one that still serves."""

    name: ClassVar[str] = "web"
    told: ClassVar[str] = "Start the new pages beside the old ones"
    seconds: ClassVar[int] = 15

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Start it and wait until it says that it can work."""
        del facts, past
        self.machine.services.at_boot(web_unit(self.plan.new), wanted=True)
        self.machine.services.start(web_unit(self.plan.new))
        return self.machine.instances.wait_ready(self.plan.new)

    def undo(self, facts: Facts, past: Mapping[str, Facts]) -> None:
        """Stop it."""
        del facts, past
        self.machine.services.at_boot(web_unit(self.plan.new), wanted=False)
        self.machine.services.stop(web_unit(self.plan.new))


class Programs(BaseStep):
    """`current` names the new release, and what runs from there has been started anew."""

    name: ClassVar[str] = "programs"
    told: ClassVar[str] = "Restart the gateway, the worker and the engines on the new release"
    seconds: ClassVar[int] = 20

    def prepare(self) -> Facts:
        """Remember where the link leads, and which engines run: others are not to be started."""
        running = [unit for unit in ENGINES if self.machine.services.active(unit)]
        return {"current": link_target(self.layout.current), "engines": running}

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Point the link, restart, and let come back at boot what was paused."""
        point_link(self.layout.current, f"releases/{self.plan.new}")
        paused = past.get("pause", {}) if self.plan.pauses else {}
        for unit in WRITERS:
            if unit in paused.get("at_boot", ()):
                self.machine.services.at_boot(unit, wanted=True)
            if unit.endswith(".socket") and unit in paused.get("running", ()):
                self.machine.services.start(unit)
        self.machine.services.restart((*PROGRAMS, *facts["engines"]))
        self.machine.services.settle(PROGRAMS)
        return {}

    def undo(self, facts: Facts, past: Mapping[str, Facts]) -> None:
        """Point the link back; restart, or only stop where the schema has to be brought back first."""
        point_link(self.layout.current, facts["current"])
        if self.plan.pauses:
            for unit in past.get("pause", {}).get("at_boot", ()):
                self.machine.services.at_boot(unit, wanted=False)
            for unit in WRITERS:
                self.machine.services.stop(unit)
        self.machine.services.restart(facts["engines"] if self.plan.pauses else (*PROGRAMS, *facts["engines"]))
