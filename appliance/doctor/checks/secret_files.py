"""Secrets, and the private keys of certificates, lie where root alone may read them."""

from __future__ import annotations

import shlex
import stat
from pathlib import Path

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.place import CONFIGURATION, SECRETS
from appliance.doctor.result import Fail, Ok, Result, Warn
from appliance.doctor.said import Said, listed

FOLDER_MODE, FILE_MODE, KEY_MODE = 0o700, 0o400, 0o600
KEYS = (CONFIGURATION / "pki" / "private", CONFIGURATION / "pki" / "server.key")
NEEDED = ("gateway_key", "secret_key")


def look(host: Host) -> Result:
    """Judge owner and mode of the folder and of every file in it; on a demo, of its keys."""
    if not host.place.server:
        return _demo(host)
    folder = host.machine.path(SECRETS)
    if not folder.is_dir():
        return Fail(Said(f"There is no {SECRETS}.", f"Нет {SECRETS}."), _again())
    found = [folder, *_below(folder)]
    found += [path for place in KEYS if (path := host.machine.path(place)).exists()]
    found += _below(host.machine.path(KEYS[0]))
    wrong = [pair for path in found if (pair := _wrong(host, path)) is not None]
    if wrong:
        first = wrong[0][0]
        mend = f"chown root:root {first} ; chmod {'700' if host.machine.path(first).is_dir() else '400'} {first}"
        renew = "ansible-playbook site.yml --tags rotate -e " + shlex.quote(
            f'{{"secrets_rotate": ["{Path(first).name}"]}}'
        )
        remedy = Said(f"{mend} ; who could read it may have: {renew}", f"{mend} ; если его могли прочитать: {renew}")
        return Fail(listed([told for _, told in wrong]), remedy)
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        return Fail(Said(f"Missing: {', '.join(missing)}", f"Нет: {', '.join(missing)}"), _again())
    count = sum(path.is_file() for path in found)
    return Ok(Said(f"{count} files.", f"Файлов: {count}."))


def _below(folder: Path) -> list[Path]:
    """What lies in a folder, at any depth; links are not followed."""
    return sorted(path for path in folder.rglob("*") if not path.is_symlink())


def _wrong(host: Host, path: Path) -> tuple[str, Said] | None:
    """What is wrong with one file or folder, and its name on the machine; None when nothing is."""
    state = path.stat()
    mode = stat.S_IMODE(state.st_mode)
    shown = "/" + str(path.relative_to(host.machine.path("/")))
    allowed = FOLDER_MODE if stat.S_ISDIR(state.st_mode) else FILE_MODE
    if mode & ~allowed & ~0o200:
        return shown, Said(f"{shown} has mode {mode:04o}", f"{shown}: права {mode:04o}")
    if state.st_uid != host.machine.root_id:
        return shown, Said(f"{shown} belongs to user {state.st_uid}", f"{shown}: владелец {state.st_uid}")
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
