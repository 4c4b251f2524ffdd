"""Secrets lie where root alone may read them."""

from __future__ import annotations

import stat
from pathlib import Path

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.place import SECRETS
from appliance.doctor.result import Fail, Ok, Result, Warn
from appliance.doctor.said import Said, listed

FOLDER_MODE, FILE_MODE, KEY_MODE = 0o700, 0o400, 0o600
NEEDED = ("gateway_key", "secret_key")


def look(host: Host) -> Result:
    """Judge owner and mode of the folder and of every file in it; on a demo, of its keys."""
    if not host.place.server:
        return _demo(host)
    folder = host.machine.path(SECRETS)
    if not folder.is_dir():
        return Fail(Said(f"There is no {SECRETS}.", f"Нет {SECRETS}."), _again())
    paths = sorted(path for path in folder.rglob("*") if not path.is_symlink())
    wrong = [told for path in (folder, *paths) if (told := _wrong(host, path, folder))]
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if wrong:
        path = wrong[0].en.split(" ")[0]
        remedy = Said(
            f"chown root:root {path} ; chmod {'700' if path == str(SECRETS) else '400'} {path} ; who could read it may "
            "have: ansible-playbook site.yml --tags rotate",
            f"chown root:root {path} ; chmod {'700' if path == str(SECRETS) else '400'} {path} ; если его могли "
            "прочитать: ansible-playbook site.yml --tags rotate",
        )
        return Fail(listed(wrong), remedy)
    if missing:
        return Fail(Said(f"Missing: {', '.join(missing)}", f"Нет: {', '.join(missing)}"), _again())
    return Ok(
        Said(f"{sum(path.is_file() for path in paths)} files.", f"Файлов: {sum(path.is_file() for path in paths)}.")
    )


def _wrong(host: Host, path: Path, folder: Path) -> Said | None:
    """What is wrong with one file or folder; None when nothing is."""
    state = path.stat()
    mode = stat.S_IMODE(state.st_mode)
    shown = SECRETS / path.relative_to(folder)
    allowed = FOLDER_MODE if stat.S_ISDIR(state.st_mode) else FILE_MODE
    if mode & ~allowed & ~0o200:
        return Said(f"{shown} has mode {mode:04o}", f"{shown}: права {mode:04o}")
    if state.st_uid != host.machine.root_id:
        return Said(f"{shown} belongs to user {state.st_uid}", f"{shown}: владелец {state.st_uid}")
    return None


def _demo(host: Host) -> Result:
    """Keys of a demo belong to whoever runs it, and to nobody else."""
    keys = [path for path in (host.place.home / "run" / "keys").glob("*") if path.is_file()]
    wrong = [path for path in keys if stat.S_IMODE(path.stat().st_mode) & ~KEY_MODE]
    if wrong:
        return Warn(listed([str(path) for path in wrong]), Said(f"chmod 600 {wrong[0]}", f"chmod 600 {wrong[0]}"))
    return Ok(Said(f"{len(keys)} keys of the demo.", f"Ключей демо: {len(keys)}."))


def _again() -> Said:
    """How secrets are made."""
    return Said("ansible-playbook site.yml --tags secrets", "ansible-playbook site.yml --tags secrets")


CHECK = Check(
    id="security.secrets",
    title=Said("Secrets are root's alone", "Секреты доступны только root"),
    expected=Said(f"{SECRETS} 0700, files 0400, all of root.", f"{SECRETS} 0700, файлы 0400, владелец root."),
    control="ISO 27001 A.5.17, A.8.24; CIS v8 3.3",
    run=look,
    server=False,
    live=False,
)
