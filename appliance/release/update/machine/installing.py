"""Making a release of an unpacked bundle: an environment of its own, from the bundle's wheels alone."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.release.update.engine import StepFailed
from appliance.release.update.files import sync_folder, write_whole
from appliance.release.update.layout import Layout
from appliance.release.update.machine.running import run

INSTALL_SECONDS: Final = 900.0
PIP: Final = {"PIP_CONFIG_FILE": "/dev/null", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
SYSTEM_PYTHON: Final = "/usr/bin/python3"
LOAD_ALL: Final = """
from importlib.metadata import entry_points
for command in entry_points(group="ostrov.commands"):
    command.load()
"""


@dataclass(frozen=True)
class WheelInstaller:
    """The real part of the port `Installer`."""

    layout: Layout
    python: str = SYSTEM_PYTHON if Path(SYSTEM_PYTHON).exists() else sys.executable

    def install(self, bundle: Path, version: str) -> None:
        """Make the release's folder; its manifest comes last and says that it is whole."""
        folder, wheels = self.layout.release(version), bundle / "wheels"
        lock = wheels / "requirements.lock"
        if not lock.exists():
            raise StepFailed(f"{lock} is missing.", "Build the bundle again.")
        folder.mkdir(mode=0o755)
        run([self.python, "-m", "venv", str(folder / "venv")], seconds=120)
        choice = ["--no-index", "--no-deps", "--only-binary=:all:", "--require-hashes", f"--find-links={wheels}"]
        python = str(folder / "venv/bin/python")
        pip = [python, "-m", "pip", "install", "--quiet", "--no-compile", *choice, "-r", str(lock)]
        run(pip, seconds=INSTALL_SECONDS, environment=PIP)
        # pip would compile one file after another.
        compiling = [python, "-W", "ignore", "-m", "compileall", "-qq", "-j", "0", str(folder / "venv/lib")]
        run(compiling, seconds=INSTALL_SECONDS)
        if (bundle / "provisioning").is_dir():
            shutil.copytree(bundle / "provisioning", folder / "provisioning")
        run(["sync", "--file-system", str(folder)], seconds=300)
        write_whole(folder / "manifest.json", (bundle / "manifest.json").read_text(encoding="utf-8"))
        sync_folder(folder.parent)

    def smoke(self, version: str) -> None:
        """Ask the release for its version, and load what each of its commands imports."""
        command = str(self.layout.command(version))
        told = run([command, "--version"], seconds=120).strip()
        if not told.endswith(version):
            raise StepFailed(f"The release {version} calls itself {told!r}.", "Build the bundle again.")
        run([str(self.layout.release(version) / "venv/bin/python"), "-I", "-c", LOAD_ALL], seconds=120)
