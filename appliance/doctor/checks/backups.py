"""Backups are taken, and restoring was tried."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.place import STATE
from appliance.doctor.result import Fail, Ok, Result, Warn
from appliance.doctor.said import Said, listed

STATUS = STATE / "backup" / "status.json"
LONGEST = {"last_full": timedelta(days=7), "last_backup": timedelta(hours=24), "last_drill": timedelta(days=7)}
NAMES = {
    "last_full": Said("full backup", "полная копия"),
    "last_backup": Said("backup of any kind", "любая копия"),
    "last_drill": Said("restore drill", "учебное восстановление"),
}
NOT_YET = Said(
    "No backup is configured: a lost disk loses everything.",
    "Резервное копирование не настроено: потеря диска — потеря всего.",
)
SET_UP = Said(
    "Until backups are set up, copy by hand: sudo -u postgres pg_basebackup -D /mnt/backup/pg -Ft -z -X stream ; "
    "and /var/lib/ostrov/files, to another machine or disk",
    "Пока копий нет, делайте их вручную: sudo -u postgres pg_basebackup -D /mnt/backup/pg -Ft -z -X stream ; "
    "и /var/lib/ostrov/files — на другую машину или диск",
)


def look(host: Host) -> Result:
    """Judge what the backups tell of themselves."""
    path = host.machine.path(STATUS)
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Warn(NOT_YET, SET_UP)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return Fail(Said(f"{STATUS} is torn.", f"{STATUS} испорчен."), Said("Take a backup.", "Сделайте копию."))
    now = host.machine.now()
    late = [_late(name, told.get(name), now) for name in LONGEST]
    wrong = [each for each in late if each]
    if wrong:
        remedy = Said(
            "systemctl list-timers 'ostrov-backup*' ; journalctl -u 'ostrov-backup*' -n 50",
            "systemctl list-timers 'ostrov-backup*' ; journalctl -u 'ostrov-backup*' -n 50",
        )
        return Fail(listed(wrong), remedy)
    return Ok(listed([NAMES[name] + Said(f" {told[name]}", f" {told[name]}") for name in LONGEST]))


def _late(name: str, moment: Any, now: datetime) -> Said:
    """What is late about one kind; empty when nothing is."""
    try:
        when = datetime.fromisoformat(str(moment))
    except ValueError:
        return NAMES[name] + Said(": never", ": никогда")
    age = now - (when if when.tzinfo else when.replace(tzinfo=UTC))
    if age <= LONGEST[name]:
        return Said("", "")
    days = age / timedelta(days=1)
    return NAMES[name] + Said(f": {days:.1f} days ago", f": {days:.1f} дн. назад")


CHECK = Check(
    id="backup.recent",
    title=Said("Backups are recent and were restored", "Копии свежие и проверены восстановлением"),
    expected=Said(
        "A backup within 24 hours, a full one and a restore drill within 7 days.",
        "Копия не старше 24 часов, полная и учебное восстановление не старше 7 дней.",
    ),
    control="ISO 27001 A.8.13; CIS v8 11.2, 11.5",
    run=look,
    live=False,
)
