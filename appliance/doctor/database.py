"""What PostgreSQL tells, asked once for all checks through a process of its own."""

from __future__ import annotations

import json
import sys
from typing import Any

from appliance.doctor.host import Host
from appliance.doctor.machine import CouldNotAsk, Elsewhere
from appliance.doctor.said import Said, same

Facts = dict[str, Any]
SECONDS = 9.0


class Refused(CouldNotAsk):
    """PostgreSQL refused or is not there; the words are its own."""


def facts_of(host: Host) -> Facts:
    """Return everything that the checks of the database want to know. Raises CouldNotAsk."""
    if not host.place.has("postgresql"):
        raise Elsewhere(Said("The database is on another host.", "База данных на другом узле."))

    def find_out() -> Facts:
        found: Facts = question(host, {"ask": "facts"}, SECONDS)["facts"]
        return found

    return host.once("database", find_out)


def question(host: Host, request: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Ask the database one thing. Raises Refused in PostgreSQL's words, CouldNotAsk when we are too slow ourselves."""
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
        raise Refused(same(told["error"]))
    return told
