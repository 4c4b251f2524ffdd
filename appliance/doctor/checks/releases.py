"""The release: whole, unchangeable for services, and no update left open."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.memory import read_json
from appliance.doctor.place import CURRENT, RELEASES, STATE
from appliance.doctor.result import Fail, Inapplicable, Ok, Result, Warn
from appliance.doctor.said import Said, listed, same

RELEASE_STATE = STATE / "release"
RESUME_UNIT = "ostrov-update-resume.service"
WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def look(host: Host) -> Result:
    """Say whether an update was left open, and whether what runs is what was installed."""
    journal = open_update(host.machine.path(RELEASE_STATE / "journal"))
    if journal is not None:
        observed = Said(
            f"An update is open since {journal['at'][:16]}: step {journal['step'] or '-'}, {journal['event']}.",
            f"Обновление не окончено с {journal['at'][:16]}: шаг {journal['step'] or '-'}, {journal['event']}.",
        )
        return Fail(observed, same("ostrov update resume"))
    if not host.place.release:
        return Fail(Said(f"{CURRENT} leads nowhere.", f"{CURRENT} никуда не ведёт."), same("ostrov update history"))
    installed = read_json(host.machine.path(RELEASE_STATE / "state.json")).get("installed")
    if installed and installed != host.place.release:
        observed = Said(
            f"{host.place.release} serves, and {installed} was installed last.",
            f"Работает {host.place.release}, а установлен последним {installed}.",
        )
        return Fail(observed, same("ostrov update history ; ls -l /opt/ostrov/current"))
    folder = host.machine.path(RELEASES)
    halves = (
        sorted(
            path.name
            for path in folder.iterdir()
            if path.is_dir()
            and path.name != host.place.release
            and not (path / "manifest.json").exists()
            and not path.name.startswith(".")
        )
        if folder.is_dir()
        else []
    )
    if halves:
        remedy = Said(
            f"Left by an install that was broken off: rm -r {RELEASES}/{halves[0]}",
            f"Осталось от прерванной установки: rm -r {RELEASES}/{halves[0]}",
        )
        return Warn(listed([Said(f"{name} is half made", f"{name} установлен наполовину") for name in halves]), remedy)
    return _resume(host)


def _resume(host: Host) -> Result:
    """Whether the machine would finish an update after a loss of power."""
    told = Said(
        f"Release {host.place.release}, no update is open.",
        f"Релиз {host.place.release}, незавершённых обновлений нет.",
    )
    if host.machine.live:
        state = host.machine.run("systemctl", "is-enabled", RESUME_UNIT).out.strip()
        if state != "enabled":
            observed = Said(f"{RESUME_UNIT} is {state or 'missing'}.", f"{RESUME_UNIT}: {state or 'нет'}.")
            return Fail(observed, same(f"systemctl enable {RESUME_UNIT}"))
    return Ok(told)


def open_update(folder: Path) -> dict[str, Any] | None:
    """The last line of the newest journal that did not end; None when all have ended."""
    for path in sorted(folder.glob("*.jsonl"), reverse=True) if folder.is_dir() else ():
        lines = []
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                continue  # the last line was cut off by a loss of power: it was never acted upon
        if lines and not any(line.get("event") == "end" for line in lines):
            last: dict[str, Any] = {"at": "", "step": "", "event": "", **lines[-1]}
            return last
    return None


def look_at_files(host: Host) -> Result:
    """Name files of the release that somebody else than root could change."""
    folder = host.machine.path(RELEASES / host.place.release) if host.place.release else None
    if folder is None or not folder.is_dir():
        return Inapplicable(Said("There is no release.", "Релиза нет."))
    wrong: list[str] = []
    count = 0
    pending = [str(folder)]
    while pending and len(wrong) < 50:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                count += 1
                state = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(state.st_mode):
                    pending.append(entry.path)
                loose = not stat.S_ISLNK(state.st_mode) and state.st_mode & WRITABLE_BY_OTHERS
                if loose or state.st_uid != host.machine.root_id:
                    wrong.append(str(RELEASES / host.place.release / Path(entry.path).relative_to(folder)))
    if wrong:
        remedy = Said(
            "Install the release again from its bundle: ostrov update apply BUNDLE ; find out who changed it",
            "Поставьте релиз заново из бандла: ostrov update apply BUNDLE ; выясните, кто его менял",
        )
        return Fail(listed(wrong, 3), remedy)
    return Ok(Said(f"{count} files, root's alone.", f"Файлов: {count}, только root."))


RELEASE = Check(
    id="services.release",
    title=Said("The release is whole, no update is open", "Релиз цел, обновлений в процессе нет"),
    expected=Said(
        "What serves was installed last, and every update has ended.",
        "Работает установленный последним релиз, все обновления завершены.",
    ),
    control="ISO 27001 A.8.32",
    run=look,
    live=False,
)
FILES = Check(
    id="security.files",
    title=Said("Services cannot change their own code", "Службы не могут менять свой код"),
    expected=Said(
        "Every file of the release belongs to root and only root may write it.",
        "Все файлы релиза принадлежат root, и писать в них может только root.",
    ),
    control="ISO 27001 A.8.19; CIS v8 3.3",
    run=look_at_files,
    live=False,
)
