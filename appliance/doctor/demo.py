"""What the demo's supervisor tells of its processes, read once."""

from __future__ import annotations

from typing import Any

from appliance.demo import state
from appliance.demo.home import Home
from appliance.doctor.host import Host


def demo_state(host: Host) -> dict[str, Any]:
    """Return what `ostrov status --json` would say."""
    return host.once("demo", lambda: state.read(Home(host.place.home)))
