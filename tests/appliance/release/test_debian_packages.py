"""What the playbooks install lies in the bundle: a server has nowhere else to get it from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from appliance.release import apt

ROLES = Path(__file__).parents[3] / "provisioning" / "roles"
IN_A_TEMPLATE = re.compile(r"'([a-z0-9][a-z0-9+.-]+)'")
TASKS_WITHIN = ("block", "rescue", "always")


def tasks(path: Path) -> Iterator[dict[str, Any]]:
    """Go through the tasks of a file, also those in blocks."""
    waiting = list(yaml.safe_load(path.read_text()) or [])
    while waiting:
        task = waiting.pop()
        yield task
        waiting += [inner for key in TASKS_WITHIN for inner in task.get(key, [])]


def installed() -> Iterator[tuple[str, str]]:
    """Go through the packages that roles install, each with the file that does."""
    for path in sorted(ROLES.glob("*/tasks/*.yml")):
        for task in tasks(path):
            options = task.get("ansible.builtin.apt", {})
            if options.get("state") == "absent":
                continue
            names = options.get("name", [])
            for name in names if isinstance(names, list) else [names]:
                for found in IN_A_TEMPLATE.findall(name) if "{{" in name else [name]:
                    yield found, str(path.relative_to(ROLES))


def test_the_roles_install_packages_at_all() -> None:
    assert {"nginx", "postgresql-17", "nftables"} <= {name for name, _ in installed()}


def test_every_package_that_a_role_installs_is_in_the_bundle() -> None:
    listed = set(apt.wanted(nvidia=True).packages) | {
        "postgresql-common",
        "postgresql-client-17",
    }  # needed by the server
    assert [(name, path) for name, path in installed() if name not in listed] == []
