"""Waivers: findings that the company has decided to live with, for a reason and until a day.

    [[waiver]]
    id = "security.ssh"
    reason = "the auditor signs in with a password until the tokens arrive; ticket 4711"
    expires = 2027-01-31

One without a reason or a day waives nothing and is a finding itself, and so is one that has run out.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from appliance.doctor.result import Finding, Ok, Result, Status, Warn
from appliance.doctor.said import Said, listed, same

CHECK_ID = "security.waivers"
WAIVABLE = frozenset({Status.WARN, Status.FAIL, Status.UNKNOWN})
LONGEST_DAYS = 366


@dataclass(frozen=True)
class Waiver:
    """One finding that is accepted for a while."""

    id: str
    reason: str
    expires: date


@dataclass(frozen=True)
class Waivers:
    """The waivers that hold today, and what is wrong with the others."""

    holding: tuple[Waiver, ...]
    wrong: tuple[Said, ...]

    def of(self, check: str) -> Waiver | None:
        """Return the waiver of a check."""
        return next((waiver for waiver in self.holding if waiver.id == check), None)


NO_WAIVERS = Waivers((), ())


def read_waivers(path: Path, today: date, known: Collection[str]) -> Waivers:
    """Read the file; one that is not there waives nothing."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("waiver", [])
    except FileNotFoundError:
        return NO_WAIVERS
    except (ValueError, OSError) as error:
        return Waivers((), (Said(f"the file cannot be read: {error}", f"файл не читается: {error}"),))
    if not isinstance(entries, list):
        return Waivers((), (Said("write [[waiver]], not [waiver]", "пишите [[waiver]], а не [waiver]"),))
    holding: list[Waiver] = []
    wrong: list[Said] = []
    for number, entry in enumerate(entries, 1):
        read = _read(entry, number, today, known)
        if isinstance(read, Waiver):
            holding.append(read)
        else:
            wrong.append(read)
    return Waivers(tuple(holding), tuple(wrong))


def _read(entry: Any, number: int, today: date, known: Collection[str]) -> Waiver | Said:
    """Return a waiver, or what is wrong with it."""
    fields = entry if isinstance(entry, dict) else {}
    name = str(fields.get("id") or f"#{number}")
    reason, expires = str(fields.get("reason") or "").strip(), fields.get("expires")
    if isinstance(expires, datetime):
        expires = expires.date()
    if name not in known or name == CHECK_ID:
        return Said(f"{name}: there is no such check to waive", f"{name}: такой проверки нет")
    if not reason:
        return Said(f"{name}: it has no reason", f"{name}: нет причины (reason)")
    if not isinstance(expires, date):
        return Said(f"{name}: it has no day (expires = YYYY-MM-DD)", f"{name}: нет срока (expires = ГГГГ-ММ-ДД)")
    if expires < today:
        return Said(f"{name}: it ran out on {expires}", f"{name}: истекло {expires}")
    if (expires - today).days > LONGEST_DAYS:
        return Said(f"{name}: {expires} is more than a year away", f"{name}: до {expires} больше года")
    return Waiver(name, reason, expires)


def judge(waivers: Waivers, path: Path) -> Result:
    """Say how the waivers themselves stand."""
    if waivers.wrong:
        remedy = Said(f"Correct or remove them: {path}", f"Исправьте или удалите их: {path}")
        return Warn(listed(waivers.wrong), remedy)
    if not waivers.holding:
        return Ok(Said("No finding is waived.", "Исключений нет."))
    return Ok(listed([same(f"{waiver.id} ({waiver.expires})") for waiver in waivers.holding]))


def apply(findings: Sequence[Finding], waivers: Waivers) -> list[Finding]:
    """Mark findings that are waived today."""
    applied = []
    for finding in findings:
        waiver = waivers.of(finding.id) if finding.status in WAIVABLE else None
        applied.append(
            dataclasses.replace(finding, status=Status.WAIVED, waived_for=waiver.reason, waived_until=waiver.expires)
            if waiver
            else finding
        )
    return applied
