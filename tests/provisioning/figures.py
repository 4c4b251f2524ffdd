"""What the tests on a server measured: one JSON file, a number with its unit in the name."""

from __future__ import annotations

import json

from tests.provisioning.lab.places import CHECKOUT

FILE = CHECKOUT / "build/appliance.json"


def record(**figures: float | str) -> None:
    """Add figures to those recorded before."""
    FILE.parent.mkdir(exist_ok=True)
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    rounded = {name: round(value, 2) if isinstance(value, float) else value for name, value in figures.items()}
    FILE.write_text(json.dumps({**known, **rounded}, indent=1, sort_keys=True) + "\n")
