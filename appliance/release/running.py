"""Run the tools that a build needs: pip, apt-get, gpg, ssh-keygen."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from appliance.release.problems import BuildError

PACKAGE_OF: Final[Mapping[str, str]] = {
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
    "gpg": "gnupg",
    "git": "git",
    "ssh-keygen": "openssh-client",
}
LAST_LINES: Final = 6


def run(
    command: Sequence[str | Path],
    what: str,
    remedy: str,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> bytes:
    """Run a tool and return what it wrote. Raises BuildError with the end of what it complained about."""
    program = shutil.which(str(command[0]))
    if program is None:
        package = PACKAGE_OF.get(str(command[0]), str(command[0]))
        raise BuildError(f"{what} needs {command[0]}, which is not installed.", f"Install it: apt install {package}")
    result = subprocess.run(
        [program, *map(str, command[1:])],
        cwd=folder,
        env={**os.environ, "LC_ALL": "C", **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if result.returncode != 0:
        lines = (result.stderr or result.stdout).decode(errors="replace").strip().splitlines()
        raise BuildError(f"{what} failed:\n  " + "\n  ".join(lines[-LAST_LINES:]), remedy)
    return result.stdout
