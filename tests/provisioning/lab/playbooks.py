"""Ansible runs from the LAN against guests, as a controller does in a company."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.provisioning.lab import network
from tests.provisioning.lab.guest import Guest
from tests.provisioning.lab.places import CHECKOUT, HOME, KEY, KNOWN_HOSTS

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
    """Ansible's settings are the product's; its colours and its temporary files are the lab's."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    config = PROVISIONING / "ansible.cfg"
    return {**os.environ, "PATH": path, "ANSIBLE_CONFIG": str(config), "ANSIBLE_NOCOWS": "1", "LC_ALL": "C.UTF-8"}
