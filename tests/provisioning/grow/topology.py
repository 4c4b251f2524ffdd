"""Who stands where, as the playbooks work it out from the groups of an inventory; no machine is needed for that."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

PROVISIONING = Path(__file__).resolve().parents[3] / "provisioning"
PARTS_OF_NAMES = (
    "web_",
    "worker_",
    "gateway_",
    "interconnect_",
    "postgresql_",
    "nftables_peers",
    "ray_",
    "moved_parts_",
)
OTHERS = ("shared_secrets_keeper", "shared_files_readers", "ostrov_parts", "ostrov_is_grown", "release_migrates")
Variables = dict[str, Any]


def wanted() -> list[str]:
    """Names of the variables that a machine's place decides."""
    wired = yaml.safe_load((PROVISIONING / "group_vars/all/wiring.yml").read_text())
    return [name for name in wired if name.startswith(PARTS_OF_NAMES)] + list(OTHERS)


def inventory(groups: Mapping[str, Sequence[str]], addresses: Mapping[str, str], **variables: Any) -> str:
    """An inventory as a file would hold it: names by group, and what people set for all."""
    return json.dumps(
        {
            "all": {
                "vars": {"ostrov_profile": "cpu", **variables},
                "hosts": {name: {"ansible_host": address} for name, address in addresses.items()},
                "children": {group: {"hosts": {name: {} for name in names}} for group, names in groups.items()},
            }
        }
    )


def placed(folder: Path, stock: str | Path) -> dict[str, Variables]:
    """The variables of every machine of an inventory (its text, or the path of one), by its name."""
    folder.mkdir(exist_ok=True)
    (folder / "group_vars").symlink_to(PROVISIONING / "group_vars")
    if isinstance(stock, str):
        (folder / "hosts.yml").write_text(stock)
        stock = folder / "hosts.yml"
    asked = "{{ {" + ", ".join(f"'{name}': {name}" for name in wanted()) + "} | to_json }}"
    write = {
        "ansible.builtin.copy": {
            "content": asked,
            "dest": f"{folder}/{{{{ inventory_hostname }}}}.json",
            "mode": "0600",
        }
    }
    play = {"name": "Ask", "hosts": "all", "connection": "local", "gather_facts": False, "tasks": [write]}
    play["vars"] = {
        "ansible_python_interpreter": sys.executable,
        "ostrov_version": "1.0.0",
        "ostrov_manifest": {"parts": {}},
    }
    (folder / "ask.yml").write_text(json.dumps([play]))
    ansible = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [str(ansible), "-i", str(stock), str(folder / "ask.yml")],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
