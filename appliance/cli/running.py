"""Let `ostrov token create` and its like find the demo of this state directory without any setting."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from appliance.settings import DemoSettings, read

LEFT_BY_THE_DEMO = "run/settings.json"
DATABASE = "OSTROV_DATABASE_URL"


def adopt_settings(command: Sequence[str]) -> None:
    """Take the settings that the demo left for a command, unless the environment already names a database."""
    if DATABASE in os.environ:
        return
    path = read(DemoSettings).home / LEFT_BY_THE_DEMO
    try:
        left = json.loads(path.read_text())
    except (OSError, ValueError):
        return
    names = [" ".join(command[:length]) for length in range(1, len(command) + 1)]
    chosen = dict(left["common"])
    for name in names:  # the longer name knows better: `gateway migrate` needs other rights than `gateway`
        chosen.update(left["commands"].get(name, {}))
    for variable, value in chosen.items():
        os.environ.setdefault(variable, value)
