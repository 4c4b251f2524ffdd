"""What a verified bundle would change, read from it without unpacking it."""

from __future__ import annotations

import json
import tarfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from appliance.release.update.journal import Facts
from appliance.release.update.layout import Layout
from appliance.release.update.machine.bundles import BILL, SignedBundles
from appliance.release.update.machine.debian import changes_to, offered_in
from appliance.release.update.plan import UPDATE, Plan
from appliance.release.update.ports import Machine, Release

MEGABYTE: Final = 1_000_000
SHOWN: Final = 12


@dataclass(frozen=True)
class Changes:
    """What an update would change."""

    heads_now: dict[str, str]
    heads_then: dict[str, str]
    packages: list[Facts]
    bill: list[Facts]
    free_bytes: int
    backup_bytes: int


def look(plan: Plan, release: Release, layout: Layout, machine: Machine) -> Changes:
    """Find out what the update of a plan would change."""
    bill, index = _members(plan.bundle_path) if plan.kind == UPDATE else ({}, "")
    return Changes(
        heads_now=machine.database.heads(),
        heads_then=release.schema.heads,
        packages=[change.as_facts() for change in changes_to(layout, offered_in(index))],
        bill=[asdict(change) for change in SignedBundles(layout).changes(plan.old, bill)],
        free_bytes=machine.room.free(layout.state),
        backup_bytes=machine.backups.room_needed(),
    )


def _members(bundle: Path) -> tuple[dict[str, Any], str]:
    """The bill of materials and the list of Debian packages of a bundle."""
    found = {BILL: b"{}", "apt/Packages": b""}
    with tarfile.open(bundle, "r:") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.name in found else None
            if content is not None:
                found[member.name] = content.read()
    return json.loads(found[BILL]), found["apt/Packages"].decode()


def rows(plan: Plan, changes: Changes) -> dict[str, list[str]]:
    """The table of changes, for people."""
    migrations = [
        f"{part}: {changes.heads_now.get(part, 'none')} → {head}"
        for part, head in changes.heads_then.items()
        if changes.heads_now.get(part) != head
    ]
    pause = "nobody has to wait: the old release works on the new schema"
    if plan.pauses:
        pause = "the product pauses for about a minute: the old release cannot read the new schema"
    return {
        "migrations": migrations,
        "pause": [pause],
        "Debian packages": _shortened([f"{p['name']} {p['old'] or '(new)'} → {p['new']}" for p in changes.packages]),
        "bill of materials": _shortened(
            [f"{c['change']}: {c['name']} {c['old'] or ''} → {c['new'] or ''}".rstrip(" →") for c in changes.bill]
        ),
        "room": [
            f"{changes.free_bytes // MEGABYTE} MB free; the safety backup takes {changes.backup_bytes // MEGABYTE} MB"
        ],
    }


def _shortened(lines: list[str]) -> list[str]:
    """The first lines, and how many more there are."""
    more = len(lines) - SHOWN
    return lines if more <= 0 else [*lines[:SHOWN], f"and {more} more (--json shows all)"]
