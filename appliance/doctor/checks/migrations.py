"""The schema is the one that the running code expects."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

from appliance.doctor.check import Check
from appliance.doctor.database import facts_of
from appliance.doctor.host import Host
from appliance.doctor.result import CouldNot, Fail, Ok, Result
from appliance.doctor.said import Said, listed, same

ROOMS = {"webapp": "webapp", "gateway": "inference"}
HIDDEN = "hidden"
FIRST = "None"
COMMANDS = {"webapp": "ostrov migrate", "gateway": "ostrov gateway migrate"}


def look(host: Host) -> Result:
    """Compare the revision of each schema with the newest one that the code brings."""
    found: dict[str, str | None] = facts_of(host)["revisions"]
    chains = {name: revisions_of(folder_of(room)) for name, room in ROOMS.items()}
    behind = {name: found[name] for name in ROOMS if found[name] is None or found[name] in chains[name][:-1]}
    if behind:
        told = [
            Said(
                f"{name}: at {at or 'nothing'}, the code wants {chains[name][-1]}",
                f"{name}: {at or 'пусто'}, коду нужна {chains[name][-1]}",
            )
            for name, at in behind.items()
        ]
        commands = "ostrov update resume" if host.place.server else " ; ".join(COMMANDS[name] for name in behind)
        return Fail(listed(told), same(commands))
    hidden = [name for name in ROOMS if found[name] == HIDDEN]
    if hidden:
        said = Said(f"The schema of {hidden[0]} may not be read.", f"Схему {hidden[0]} читать нельзя.")
        return CouldNot(said, same("sudo ostrov doctor --only database"))
    newer = [f"{name} {found[name]}" for name in ROOMS if found[name] != chains[name][-1]]
    if newer:
        told_newer = ", ".join(newer)
        return Ok(
            Said(
                f"Newer than the code: {told_newer}; migrations only add, so it serves.",
                f"Новее кода: {told_newer}; миграции только добавляют, поэтому она подходит.",
            )
        )
    return Ok(same(", ".join(f"{name} {chains[name][-1]}" for name in ROOMS)))


def folder_of(room: str) -> Path:
    """Where a room keeps its migrations, without importing it."""
    spec = find_spec(room)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(room)
    return Path(next(iter(spec.submodule_search_locations))) / "migrations" / "versions"


def revisions_of(folder: Path) -> list[str]:
    """The revisions of a room, each after the one that it follows."""
    after = {before: revision for revision, before in map(_link, sorted(folder.glob("[0-9]*.py")))}
    line = [after[FIRST]]
    while line[-1] in after:
        line.append(after[line[-1]])
    return line


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
    return values["revision"], values.get("down_revision", FIRST)


CHECK = Check(
    id="database.migrations",
    title=Said("The schema fits the code", "Схема соответствует коду"),
    expected=Said(
        "Both schemas are at the newest revision of the running code, or newer.",
        "Обе схемы на последней ревизии работающего кода или новее.",
    ),
    control="ISO 27001 A.8.32",
    run=look,
    needs=("database.answers",),
    server=False,
)
