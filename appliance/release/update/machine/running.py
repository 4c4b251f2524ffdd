"""Running the machine's own programs: by list, with a time limit, and with the end of what they said when they fail."""

from __future__ import annotations

import os
import pwd
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from appliance.release.update.engine import StepFailed

LONGEST_TELLING: Final = 1200  # characters of a failed program's output
# A program must not go on changing things when the update that started it was killed and is being taken back.
TOGETHER: Final = ("setpriv", "--pdeathsig", "KILL", "--")
PLAIN: Final = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


def run(
    command: Sequence[str],
    *,
    seconds: float,
    user: str | None = None,
    environment: Mapping[str, str] | None = None,
    typed: str | None = None,
) -> str:
    """Run a program to its end and return what it printed. Raises StepFailed with the end of its words.

    `user` runs it as another account, when we are root; `typed` is its standard input. It dies with this process.
    """
    try:
        done = subprocess.run(
            [*TOGETHER, *command],
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            cwd="/",
            env={**PLAIN, **(environment or {})},
            **_account(user),
        )
    except subprocess.TimeoutExpired:
        raise StepFailed(f"`{_shown(command)}` did not end within {seconds:.0f} s.") from None
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip())[-LONGEST_TELLING:]
        raise StepFailed(f"`{_shown(command)}` ended with code {done.returncode}: {words}")
    return str(done.stdout)


def _shown(command: Sequence[str]) -> str:
    """The command as a person knows it: the program's name and its arguments."""
    return " ".join([Path(command[0]).name, *command[1:]])[:200]


def _account(user: str | None) -> dict[str, Any]:
    """Arguments that make a program run as another account; nothing when we are not root."""
    if user is None or os.geteuid() != 0:
        return {}
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise StepFailed(f"There is no account {user!r} on this machine.", "Run the playbook site.yml again.") from None
    groups = os.getgrouplist(user, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": groups}


def variables(*files: Path) -> dict[str, str]:
    """Read files of settings as systemd does: NAME=value lines, comments, quotes around a value."""
    found: dict[str, str] = {}
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
            name, equals, value = line.strip().partition("=")
            if equals and not name.startswith(("#", ";")):
                found[name.strip()] = " ".join(shlex.split(value))
    return found
