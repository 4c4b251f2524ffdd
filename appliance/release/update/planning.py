"""Making plans: for an update from a bundle, for a rollback to a release that is still on the machine."""

from __future__ import annotations

import getpass
import os
from datetime import UTC, datetime
from pathlib import Path

from appliance.release.update.engine import StepFailed
from appliance.release.update.journal import BEGIN, END, Journal, journals, open_journal
from appliance.release.update.layout import Layout
from appliance.release.update.plan import ROLLBACK, UPDATE, Plan, is_readable, version_of
from appliance.release.update.ports import Machine, Release


def actor() -> str:
    """Who types: the account that became root, where sudo tells it."""
    return os.environ.get("SUDO_USER") or getpass.getuser()


def label_of(version: str) -> str:
    """A name for an update: when it began, and what it brings."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{version}"


def serving(layout: Layout) -> str:
    """The version that serves. Raises StepFailed when nothing is installed."""
    version = layout.serving()
    if version is None:
        raise StepFailed(f"{layout.current} names no release.", "Install with the playbook site.yml first.")
    return version


def refuse_when_open(layout: Layout) -> None:
    """Raise StepFailed when an update was interrupted and is not finished."""
    journal = open_journal(layout.journals)
    if journal is not None:
        raise StepFailed(f"The update {journal.id} was interrupted.", "Finish it first: ostrov update resume")


def plan_update(layout: Layout, machine: Machine, bundle: Path) -> tuple[Plan, Release]:
    """Verify a bundle and make the plan of the update to it. Raises StepFailed with the reason of a refusal."""
    old = serving(layout)
    release = machine.bundles.verify(bundle)
    readable = is_readable(old, release.schema.readable_by)
    unpacked = release.bytes_unpacked
    plan = Plan(
        label=label_of(release.version),
        kind=UPDATE,
        old=old,
        new=release.version,
        bundle=str(bundle.absolute()),
        readable=readable,
        actor=actor(),
        min_from=release.min_from,
        bytes_unpacked=unpacked,
    )
    return plan, release


def plan_rollback(layout: Layout, machine: Machine, to: str | None, *, with_database: bool) -> Plan:
    """Make the plan of a rollback. Raises StepFailed when there is nothing to go back to, or not without the data."""
    old = serving(layout)
    new = to or _before(layout, old)
    if new == old:
        raise StepFailed(f"{new} serves already.")
    if new not in layout.installed():
        kept = ", ".join(version for version in layout.installed() if version != old)
        raise StepFailed(f"The release {new} is not on this machine.", f"It has: {kept or 'no other release'}.")
    readable = is_readable(new, _schema_readable_by(layout, machine, old))
    if not readable and not with_database:
        raise StepFailed(
            f"{new} does not work on the schema that {old} has made.",
            "With --with-database the database goes back to the moment before the update to it; what was written "
            "since is lost.",
        )
    point = _point_between(layout, new, old) if with_database else ""
    return Plan(label_of(new), ROLLBACK, old, new, "", readable and not with_database, actor(), point)


def _schema_readable_by(layout: Layout, machine: Machine, serving_version: str) -> str:
    """The oldest release that works on the schema as it is: it may be newer than what serves, after a rollback."""
    heads = machine.database.heads()
    releases = [machine.bundles.installed(version) for version in layout.installed()]
    made_it = [release for release in releases if release.schema.heads == heads]
    newest = max(made_it, key=lambda release: version_of(release.version), default=None)
    return (newest or machine.bundles.installed(serving_version)).schema.readable_by


def _ended_well(journal: Journal) -> bool:
    """Whether an update was committed."""
    return any(record.event == END and record.facts.get("outcome") == "committed" for record in journal.records)


def _before(layout: Layout, version: str) -> str:
    """The release that served before this one, by the journals; else the newest older one that is installed."""
    for journal in reversed(journals(layout.journals)):
        begin = journal.facts(BEGIN)
        if _ended_well(journal) and begin.get("new") == version and begin["old"] in layout.installed():
            return str(begin["old"])
    older = [one for one in layout.installed() if version_of(one) < version_of(version)]
    if not older:
        raise StepFailed(f"No release before {version} is on this machine.", "Bring its bundle: ostrov update apply")
    return max(older, key=version_of)


def _point_between(layout: Layout, old: str, new: str) -> str:
    """The safety backup of the update from one release to another."""
    for journal in reversed(journals(layout.journals)):
        begin = journal.facts(BEGIN)
        same = (begin.get("kind"), begin.get("old"), begin.get("new")) == (UPDATE, old, new)
        if same and _ended_well(journal) and (layout.backups / journal.id / "point.json").exists():
            return journal.id
    raise StepFailed(
        f"The safety backup of the update from {old} to {new} is not on this machine any more.",
        "Restore a backup: see docs/upgrade.md.",
    )
