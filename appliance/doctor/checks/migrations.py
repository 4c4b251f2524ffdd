"""The schema is the one that the running code expects."""

from __future__ import annotations

import ast
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from appliance.doctor.check import Check
from appliance.doctor.database import facts_of
from appliance.doctor.host import Host
from appliance.doctor.place import CURRENT
from appliance.doctor.result import CouldNot, Fail, Ok, Result
from appliance.doctor.said import Said, listed, same

ROOMS = {"webapp": "webapp", "gateway": "inference"}
COMMANDS = {"webapp": "ostrov migrate", "gateway": "ostrov gateway migrate"}


def look(host: Host) -> Result:
    """Compare the revision of each schema with the newest one that the code brings."""
    found: dict[str, Any] = facts_of(host)["revisions"]
    wanted = {name: head_of(folder_of(room)) for name, room in ROOMS.items()}
    manifest = _manifest(host)
    other = [name for name in ROOMS if manifest.get(name, wanted[name]) != wanted[name]]
    if other:
        observed = Said(
            "The release's manifest names another revision than its code.",
            "Манифест релиза называет не ту ревизию, что его код.",
        )
        return Fail(observed, same("ostrov update history"))
    behind = [name for name in ROOMS if found[name] not in {wanted[name], "hidden"}]
    if behind:
        told = listed(
            [
                Said(
                    f"{name}: at {found[name] or 'nothing'}, code wants {wanted[name]}",
                    f"{name}: {found[name] or 'пусто'}, коду нужна {wanted[name]}",
                )
                for name in behind
            ]
        )
        commands = " ; ".join(COMMANDS[name] for name in behind)
        if host.place.server:
            commands = "ostrov update resume"
        return Fail(told, same(commands))
    hidden = [name for name in ROOMS if found[name] == "hidden"]
    if hidden:
        said = Said(f"The schema of {hidden[0]} may not be read.", f"Схему {hidden[0]} читать нельзя.")
        return CouldNot(said, same("sudo ostrov doctor --only database"))
    return Ok(same(", ".join(f"{name} {wanted[name]}" for name in ROOMS)))


def folder_of(room: str) -> Path:
    """Where a room keeps its migrations, without importing it."""
    spec = find_spec(room)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(room)
    return Path(next(iter(spec.submodule_search_locations))) / "migrations" / "versions"


def head_of(folder: Path) -> str:
    """The revision that no other one follows."""
    links = [_link(path) for path in sorted(folder.glob("[0-9]*.py"))]
    followed = {before for _, before in links}
    return next(revision for revision, _ in reversed(links) if revision not in followed)


def _link(path: Path) -> tuple[str, str]:
    """A migration's revision and the one before it, read without running the file."""
    values: dict[str, str] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            value = getattr(node, "value", None)
            if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
                values[target.id] = str(value.value)
    return values["revision"], values.get("down_revision", "None")


def _manifest(host: Host) -> dict[str, str]:
    """The heads that the release's manifest names; nothing without one."""
    try:
        schema = json.loads(host.machine.path(CURRENT / "manifest.json").read_text(encoding="utf-8"))["schema"]
        return {name: str(schema[name]["head"]) for name in ROOMS if name in schema}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


CHECK = Check(
    id="database.migrations",
    title=Said("The schema fits the code", "Схема соответствует коду"),
    expected=Said(
        "Both schemas are at the newest revision of the running code.",
        "Обе схемы на последней ревизии работающего кода.",
    ),
    control="ISO 27001 A.8.32",
    run=look,
    needs=("database.answers",),
    server=False,
)
