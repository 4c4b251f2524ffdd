"""Bundles for the lab: signed by a key of its own, built from this checkout."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.provisioning.lab.places import CHECKOUT, HOME, LabError, alone, run

SIGNING_KEY = HOME / "bundle_key"
TRUSTED = HOME / "trusted_keys"
CURRENT = HOME / "current.bundle"
"""A link to the bundle that `run` installs."""
BUILT = CHECKOUT / "build/bundles"
MODELS = ("qwen2.5-coder-0.5b", "whisper-base")
"""The smallest packaged models that turn a call into proposals."""


def signing_key() -> Path:
    """The lab's private key for bundles; its public half is what the lab's company trusts."""
    with alone():
        if not SIGNING_KEY.exists():
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab-release", "-f", SIGNING_KEY])
        if not TRUSTED.exists():
            shutil.copy(SIGNING_KEY.with_suffix(".pub"), TRUSTED)
    return SIGNING_KEY


def trusted() -> list[str]:
    """Public keys that the lab's company trusts."""
    signing_key()
    return TRUSTED.read_text().splitlines()


def built(version: str | None = None, *options: str, models: Sequence[str] = MODELS) -> Path:
    """The bundle of this checkout, as a version or its own; OSTROV_LAB_BUNDLE names one that is built already."""
    given = os.environ.get("OSTROV_LAB_BUNDLE")
    if given and version is None:
        return Path(given)
    ostrov = Path(sys.executable).with_name("ostrov")
    key = signing_key()
    BUILT.mkdir(parents=True, exist_ok=True)
    before = {path: path.stat().st_mtime_ns for path in BUILT.glob("*.bundle")}
    words: list[str | Path] = [ostrov, "bundle", "build", "--key", key, "--output", BUILT]
    chosen = [word for model in models for word in ("--models", model)]
    run([*words, *chosen, *(["--version", version] if version else []), *options], seconds=1800)
    made = [path for path in BUILT.glob("*.bundle") if before.get(path) != path.stat().st_mtime_ns]
    if len(made) != 1:
        raise LabError(f"`ostrov bundle build` made {len(made)} bundles in {BUILT}, one was expected")
    if version is None:
        link = CURRENT.with_suffix(".new")
        link.unlink(missing_ok=True)
        link.symlink_to(made[0])
        link.replace(CURRENT)
    return made[0]
