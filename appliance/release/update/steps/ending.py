"""Steps that finish an update which was found good; they only lead forward."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from appliance.release.update.files import remove_folder
from appliance.release.update.journal import Facts, journals
from appliance.release.update.plan import Plan, version_of, web_unit
from appliance.release.update.steps.base import BaseStep

KEPT_RELEASES: Final = 3


class OldWeb(BaseStep):
    """The old web instance has finished its requests and is gone."""

    name: ClassVar[str] = "old-web"
    told: ClassVar[str] = "Let the old pages finish"
    seconds: ClassVar[int] = 20

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Stop it; it is not started at boot any more."""
        del facts, past
        self.machine.services.at_boot(web_unit(self.plan.old), wanted=False)
        self.machine.front.drain()
        self.machine.services.stop(web_unit(self.plan.old))
        return {}


class Remember(BaseStep):
    """The machine knows what it has, and its history says who brought it."""

    name: ClassVar[str] = "remember"
    told: ClassVar[str] = "Write the history"

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Write the state and one line of history."""
        del facts, past
        release = self.machine.bundles.installed(self.plan.new)
        self.machine.bundles.remember(release, {**self.plan.as_facts(), "outcome": "committed"})
        return {}


class Prune(BaseStep):
    """The last releases are kept, with the newest safety backup; older ones are gone."""

    name: ClassVar[str] = "prune"
    told: ClassVar[str] = "Remove what is older than the last three releases"

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Keep what serves, what served before, and the newest of the rest."""
        del facts, past
        gone = surplus(self.layout.installed(), self.plan)
        for version in gone:
            remove_folder(self.layout.release(version))
            remove_folder(self.layout.bundle(version))
        for journal in journals(self.layout.journals):
            if journal.id != self.plan.label:
                self.machine.backups.forget(journal.id)
        return {"removed": gone}


def surplus(installed: list[str], plan: Plan) -> list[str]:
    """Return releases to remove: all but the two of this plan and the newest others, three altogether."""
    others = sorted((v for v in installed if v not in {plan.old, plan.new}), key=version_of, reverse=True)
    return others[KEPT_RELEASES - 2 :]
