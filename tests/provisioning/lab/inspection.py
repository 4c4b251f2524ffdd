"""testinfra looks at a guest through the lab's own ssh, which alone leads there."""

from __future__ import annotations

import shlex
from typing import Any

from testinfra.backend.base import BaseBackend, CommandResult
from testinfra.host import Host

from tests.provisioning.lab.guest import Guest


class Inside(BaseBackend):  # type: ignore[misc, unused-ignore]
    """testinfra's way into a guest."""

    NAME = "lab"

    def __init__(self, guest: Guest) -> None:
        super().__init__(guest.name)
        self.guest = guest

    def run(self, command: str, *args: str, **kwargs: Any) -> CommandResult:
        """A command on the guest, as root."""
        command = self.get_command(command, *args)
        return self.run_local(f"{shlex.join(self.guest.ssh())} %s", command)


def look_at(guest: Guest) -> Host:
    """The guest as testinfra shows it."""
    return Host(Inside(guest))
