"""Record what the doctor's commands say on a server: run there, as root, with the server's own Python.

/opt/ostrov/current/venv/bin/python recorder.py > healthy.json
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from typing import Any

from appliance.doctor.checks import CHECKS
from appliance.doctor.host import Host
from appliance.doctor.machine import Output, RealMachine
from appliance.doctor.place import find_place
from appliance.doctor.running import run_checks


@dataclass(frozen=True)
class RecordingMachine(RealMachine):
    """This machine, listening to itself."""

    heard: dict[str, Any] = field(default_factory=dict)

    def run(self, *command: str, seconds: float = 5.0, user: str = "", given: str = "", live: bool = True) -> Output:
        output = super().run(*command, seconds=seconds, user=user, given=given, live=live)
        if "appliance.doctor.asking" not in command and live:
            self.heard[" ".join(command)] = {"code": output.code, "out": output.out, "err": output.err}
        return output


if __name__ == "__main__":
    machine = RecordingMachine()
    findings = run_checks(Host(machine, find_place(machine, os.environ)), CHECKS)
    for finding in findings:
        print(finding.id, finding.status, finding.observed.en, file=sys.stderr)
    json.dump(machine.heard, sys.stdout, indent=1, ensure_ascii=False)
