"""What PostgreSQL tells, asked once for all checks through a process of its own."""

from __future__ import annotations

import json
import sys
from typing import Any

from appliance.doctor.host import Host
from appliance.doctor.machine import CouldNotAsk
from appliance.doctor.said import Said, same

Facts = dict[str, Any]
SECONDS = 9.0


class NoAnswer(Exception):
    """PostgreSQL refused or is not there; the text is its own."""


def facts_of(host: Host) -> Facts:
    """Return everything that the checks of the database want to know. Raises CouldNotAsk."""

    def find_out() -> Facts:
        try:
            found: Facts = question(host, {"ask": "facts"}, SECONDS)["facts"]
        except NoAnswer as refusal:
            said = same(str(refusal))
            raise CouldNotAsk(said) from refusal
        return found

    return host.once("database", find_out)


def question(host: Host, request: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Ask the database one thing. Raises NoAnswer with PostgreSQL's words, CouldNotAsk when it hangs."""
    given = json.dumps({**request, "url": host.place.database_url})
    output = host.machine.run(
        sys.executable,
        "-I",
        "-m",
        "appliance.doctor.asking",
        user=host.place.database_user,
        given=given,
        seconds=seconds,
    )
    if output.code != 0:
        raise CouldNotAsk(
            Said(f"The question ended with: {output.last_line}", f"Вопрос кончился ошибкой: {output.last_line}")
        )
    told: dict[str, Any] = json.loads(output.out)
    if "error" in told:
        raise NoAnswer(told["error"])
    return told
