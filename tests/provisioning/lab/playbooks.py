"""Ansible runs from the LAN against guests, as a controller does in a company."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.provisioning.lab import network
from tests.provisioning.lab.guest import Guest
from tests.provisioning.lab.places import CHECKOUT, CONNECTIONS, HOME, KEY, KNOWN_HOSTS

PROVISIONING = CHECKOUT / "provisioning"
DOMAIN = "crm.lab.test"
"""The name that the staff's browsers open."""
TIMEZONE = "Europe/Moscow"


def inventory(groups: Mapping[str, Sequence[Guest]], **variables: object) -> Path:
    """An inventory of guests by group; variables are what a company would set. JSON is YAML enough for Ansible."""
    hosts = {guest.name: guest for members in groups.values() for guest in members}
    content = {
        "all": {
            "vars": {**given(), **variables},
            "hosts": {name: {"ansible_host": guest.address} for name, guest in hosts.items()},
            "children": {group: {"hosts": {guest.name: {} for guest in members}} for group, members in groups.items()},
        }
    }
    path = next(iter(hosts.values())).folder / "inventory.yml"
    path.write_text(json.dumps(content, indent=1))
    return path


def given() -> dict[str, object]:
    """What the lab's company has in its inventory, and how the lab's controller reaches its servers."""
    bundle, trusted = HOME / "current.bundle", HOME / "trusted_keys"
    return {
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(KEY),
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={KNOWN_HOSTS} -o LogLevel=ERROR",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ostrov_bundle": os.environ.get("OSTROV_LAB_BUNDLE", str(bundle)),
        "ostrov_trusted_keys": trusted.read_text().splitlines() if trusted.exists() else [],
        "ostrov_domain": DOMAIN,
        "ostrov_lan": [network.NETWORK, network.NETWORK6],
        "ostrov_profile": "cpu",
        "ostrov_company_name": "Lab",
        "ostrov_locale": "ru",
        "ostrov_timezone": TIMEZONE,
        "ostrov_currency": "RUB",
    }


def command(guests: Sequence[Guest], playbook: str, options: Sequence[str] = (), **variables: object) -> list[str]:
    """The command line that runs one of our playbooks, or one at a path, against guests that hold everything."""
    path = PROVISIONING / playbook
    book = path if path.exists() else Path(playbook).resolve()
    stock = inventory({"appliance": guests}, **variables)
    ansible = str(Path(sys.executable).with_name("ansible-playbook"))
    return network.inside([ansible, "-i", str(stock), str(book), *options])


def environment() -> dict[str, str]:
    """Ansible's settings are the product's; its open connections lie where a guest's boot can end them."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {
        **os.environ,
        "PATH": path,
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(PROVISIONING / "ansible.cfg"),
        "ANSIBLE_SSH_CONTROL_PATH": str(CONNECTIONS / "%%h"),
    }


@dataclass(frozen=True)
class Played:
    """How a playbook ended."""

    code: int
    output: str
    seconds: float

    @property
    def changed(self) -> int:
        """Tasks that changed something, over all hosts, as the recap counts them."""
        return sum(int(count) for count in re.findall(r"\bchanged=(\d+)", self.output))

    @property
    def changes(self) -> list[str]:
        """Names of the tasks that changed something."""
        named = re.compile(r"^(?:TASK|RUNNING HANDLER) \[(?P<task>.*?)\] \**$|^changed: ", re.MULTILINE)
        found, task = [], ""
        for match in named.finditer(self.output):
            if match["task"]:
                task = match["task"]
            else:
                found.append(task)
        return found

    def succeeded(self) -> Played:
        """Itself, when it went well; else what failed is in the error."""
        assert self.code == 0, f"ended with {self.code} after {self.seconds:.0f} s:\n{self.failures()}"
        return self

    def failures(self) -> str:
        """The part of the output that says what failed."""
        start = max(self.output.find("fatal:"), self.output.find("[ERROR]"), 0)
        before = self.output.rfind("\nTASK [", 0, start)
        return self.output[max(before, 0) :][:6000]


def play(
    guests: Sequence[Guest],
    playbook: str,
    *options: str,
    log: Path | None = None,
    seconds: float = 2400,
    **variables: object,
) -> Played:
    """Run a playbook to its end against guests that hold everything; its output goes into a file as well."""
    began = time.monotonic()
    words = command(guests, playbook, options, **variables)
    done = subprocess.run(
        words,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(),
        timeout=seconds,
    )
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(done.stdout)
    return Played(done.returncode, done.stdout, time.monotonic() - began)
