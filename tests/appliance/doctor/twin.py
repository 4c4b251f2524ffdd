"""A machine that plays back what a real server said, with the files of a folder; only what touches no server runs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from appliance.doctor.machine import Answer, CouldNotAsk, Output, RealMachine
from appliance.doctor.said import same

RECORDINGS = Path(__file__).parent / "recordings"
OF_THE_DATABASE = "appliance.doctor.asking"


def recorded(name: str) -> dict[str, Output | list[Output]]:
    """Command line to what it gave on a server."""
    told = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))
    return {command: Output(said["code"], said["out"], said["err"]) for command, said in told.items()}


@dataclass
class TwinMachine:
    """Plays back commands; tests change `outputs`, `answers`, `reached` to what a broken server would give."""

    root: Path
    outputs: dict[str, Output | list[Output]]
    answers: dict[str, Answer | OSError] = field(default_factory=dict)
    reached: str = "EHOSTUNREACH"
    shown: str | OSError = ""
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))
    root_id: int = 0
    privileged: bool = True
    live: bool = True
    commands: list[str] = field(default_factory=list)

    def path(self, absolute: str | Path) -> Path:
        return self.root / str(absolute).lstrip("/")

    def run(self, *command: str, seconds: float = 5.0, user: str = "", given: str = "", live: bool = True) -> Output:
        line = " ".join(command)
        self.commands.append(line)
        if OF_THE_DATABASE in line or not live:
            return RealMachine().run(*command, seconds=seconds * 10, given=given)
        fitting = sorted((key for key in self.outputs if line.startswith(key)), key=len)
        if not fitting:
            raise CouldNotAsk(same(f"not recorded: {line}"))
        found = self.outputs[fitting[-1]]
        return found if isinstance(found, Output) else found.pop(0)

    def ask(self, url: str, seconds: float = 3.0, name: str = "") -> Answer:
        answer = self.answers.get(url, ConnectionRefusedError(111, "Connection refused"))
        if isinstance(answer, OSError):
            raise answer
        return answer

    def reach(self, address: str, port: int, seconds: float = 2.0) -> str:
        return self.reached

    def now(self) -> datetime:
        return self.moment

    def certificate(self, address: str, port: int, name: str) -> str:
        if isinstance(self.shown, OSError):
            raise self.shown
        return self.shown

    def is_root(self) -> bool:
        return self.privileged
