"""The company's own programs around an update: `/etc/ostrov/hooks/before-update.d` and `after-update.d`."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.release.update.engine import StepFailed
from appliance.release.update.journal import Facts
from appliance.release.update.layout import Layout
from appliance.release.update.machine.running import run

HOOK_SECONDS: Final = 300.0
NAME: Final = re.compile(r"[A-Za-z0-9_-]+\Z")  # as run-parts: what an editor or a package leaves behind is no hook
KEPT_CHARACTERS: Final = 400
WRITABLE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True)
class FolderHooks:
    """The real part of the port `Hooks`."""

    layout: Layout
    seconds: float = HOOK_SECONDS

    def names(self, moment: str) -> list[str]:
        """Executables in the moment's folder, in the order of their names."""
        folder = self._folder(moment)
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        return [path.name for path in found if NAME.match(path.name) and path.is_file() and os.access(path, os.X_OK)]

    def call(self, moment: str, name: str, about: Mapping[str, str]) -> Facts:
        """Run one to its end. Raises StepFailed with the end of its words when it fails or takes too long."""
        path = self._folder(moment) / name
        for part in (path, path.parent, path.parent.parent):
            told = part.stat()
            if told.st_uid != os.geteuid() or told.st_mode & WRITABLE_BY_OTHERS:
                raise StepFailed(
                    f"{part} can be changed by somebody else than root; the hook is not run.",
                    f"Type: chown root:root {part} && chmod go-w {part}",
                )
        began = time.monotonic()
        words = run([str(path)], seconds=self.seconds, environment=about)
        return {"hook": name, "seconds": round(time.monotonic() - began, 1), "said": words.strip()[-KEPT_CHARACTERS:]}

    def _folder(self, moment: str) -> Path:
        return self.layout.settings / "hooks" / f"{moment}-update.d"
