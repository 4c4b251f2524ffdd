"""Steps in which people's requests go to the new release, and it is tried as they would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from appliance.release.update.journal import Facts
from appliance.release.update.steps.base import BaseStep


class Traffic(BaseStep):
    """nginx sends requests to the new web instance; those in hand are finished by the old one."""

    name: ClassVar[str] = "traffic"
    told: ClassVar[str] = "Send requests to the new pages"

    def prepare(self) -> Facts:
        """Remember who serves."""
        return {"serving": self.machine.front.serving()}

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Switch."""
        del facts, past
        self.machine.front.serve(self.plan.new)
        return {}

    def undo(self, facts: Facts, past: Mapping[str, Facts]) -> None:
        """Switch back."""
        del past
        self.machine.front.serve(facts["serving"])


class Probe(BaseStep):
    """A client has signed in, searched, and got a proposal where the engines are up."""

    name: ClassVar[str] = "probe"
    told: ClassVar[str] = "Try the product as a client would"
    seconds: ClassVar[int] = 15

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Try it."""
        del facts, past
        return self.machine.prober.probe(self.plan.new)

    def undo(self, facts: Facts, past: Mapping[str, Facts]) -> None:
        """Turn the probe's account off."""
        del facts, past
        self.machine.prober.close()
