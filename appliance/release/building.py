"""Build a bundle on a connected machine: collect its parts, describe them, sign the description, write it all down."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from appliance.demo import bootstrap
from appliance.release import apt, licences, manifest, sbom, signing, weights, wheels, writing
from appliance.release.debs import Deb
from appliance.release.manifest import Release
from appliance.release.problems import BuildError
from appliance.release.wheels import Wheel

ASSETS: Final = Path("webapp/web/static/build")
BILL: Final = "sbom.cdx.json"
VERIFIER: Final = ("verifying.py", "reading.py")
PROVISIONING_LEFT_OUT: Final = ("lab", ".pytest_cache", "__pycache__")

Say = Callable[[str], object]


@dataclass(frozen=True)
class Order:
    """What to build: from which checkout, under which key, with which parts."""

    root: Path
    key: Path
    output: Path
    release: Release
    models: tuple[str, ...] = ()
    expires_days: int = 180
    apt_cache: Path | None = None
    apt_sources: Path | None = None
    nvidia_driver: bool = False
    vllm: bool = False
    cache: Path = Path()


def default_cache() -> Path:
    """Return where downloads are kept between builds."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ostrov" / "bundle"


@dataclass(frozen=True)
class Parts:
    """What goes into a bundle, as far as it has been collected."""

    files: Mapping[str, Path]
    bill: Mapping[str, Any]


def build(order: Order, say: Say) -> Path:
    """Build a bundle and return its path. Raises BuildError, and then nothing was written."""
    key_id = signing.key_id(order.key)
    built_at = datetime.now(UTC).replace(microsecond=0)
    with tempfile.TemporaryDirectory(prefix="ostrov-bundle-") as folder:
        work = Path(folder)
        parts = (_weights_alone if order.release.name == manifest.WEIGHTS else _product)(order, work, built_at, say)
        bill = _written(work / BILL, json.dumps(parts.bill, indent=1, ensure_ascii=False))
        files = {**parts.files, BILL: bill}
        say("manifest, signature")
        described = manifest.compose(
            order.release,
            (built_at, built_at + timedelta(days=order.expires_days)),
            key_id,
            writing.entries(files),
            schema=manifest.schema(order.root, order.release),
            parts={"models": bool(order.models), "vllm": order.vllm},
            source=_source(order.root),
        )
        target = order.output / f"{order.release.name}-{order.release.version}.bundle"
        writing.write(target, described, signing.sign(described, order.key), files)
    return target


def _product(order: Order, work: Path, moment: datetime, say: Say) -> Parts:
    """Collect the whole product."""
    models = weights.chosen(order.models)
    _refuse_old_assets(order.root)
    say("wheels")
    found_wheels = wheels.collect(order.root / wheels.LOCK, order.cache)
    found_wheels.append(wheels.our_wheel(order.root, order.release.version, work / "wheel"))
    found_vllm = wheels.collect(order.root / wheels.VLLM_LOCK, order.cache) if order.vllm else []
    say("Debian packages")
    found_debs = apt.collect(apt.wanted(nvidia=order.nvidia_driver), order.cache, order.apt_cache, order.apt_sources)
    say("licences, bill of materials")
    files = {
        **_files_of_wheels("wheels", found_wheels, work),
        **_files_of_wheels("vllm", found_vllm, work),
        **_files_of_debs(found_debs, work, moment),
        **weights.collect(models, order.cache, say),
        **licences.gather([*found_wheels, *found_vllm], found_debs, order.root, work),
        **provisioning_files(order.root),
    }
    models_in_it = weights.components(models)
    return Parts(files, sbom.compose(order.release, moment, found_wheels, found_debs, models_in_it, vllm=found_vllm))


def _weights_alone(order: Order, _work: Path, moment: datetime, say: Say) -> Parts:
    """Collect weights, for servers that get their releases in bundles without."""
    models = weights.chosen(order.models)
    files = weights.collect(models, order.cache, say)
    return Parts(files, sbom.compose(order.release, moment, (), (), weights.components(models)))


def _refuse_old_assets(root: Path) -> None:
    """Refuse a checkout whose pages would be shipped with assets of other sources."""
    built = (root / ASSETS / "manifest.json").is_file()
    if built and root == bootstrap.ROOT:
        sources = bootstrap.fingerprint(root / "webapp" / "web" / name for name in bootstrap.ASSET_SOURCES)
        built = bootstrap.is_done("assets", sources)
    if not built:
        raise BuildError("The pages' assets are not built from the present sources.", "Run: make assets")


def _files_of_wheels(folder: str, found: list[Wheel], work: Path) -> dict[str, Path]:
    """Return the wheels of one environment and the lock file that names exactly these."""
    if not found:
        return {}
    lock = "".join(f"{wheel.pinned}\n" for wheel in sorted(found, key=lambda wheel: wheel.name))
    files = {f"{folder}/{wheel.path.name}": wheel.path for wheel in found}
    return files | {f"{folder}/requirements.lock": _written(work / f"{folder}.lock", lock)}


def _files_of_debs(found: list[Deb], work: Path, moment: datetime) -> dict[str, Path]:
    """Return the packages and the signed index of their repository."""
    (work / "apt").mkdir()
    return {f"apt/{name}": path for name, path in apt.repository(found, work / "apt", moment).items()}


def provisioning_files(root: Path) -> dict[str, Path]:
    """Return the playbooks, and the verifier that they run on a bare server."""
    folder = root / "provisioning"
    files = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not set(name.parts) & set(PROVISIONING_LEFT_OUT):
            files[f"provisioning/{name}"] = path
    return files | {f"provisioning/files/{name}": root / "appliance" / "release" / name for name in VERIFIER}


def _source(root: Path) -> dict[str, Any]:
    """Tell which commit the product was built from, and whether anything was changed since."""
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return {"commit": None, "clean": False}

    def ask(*words: str) -> str:
        return subprocess.run([git, *words], cwd=root, capture_output=True, check=False, text=True).stdout.strip()

    return {"commit": ask("rev-parse", "HEAD") or None, "clean": not ask("status", "--porcelain")}


def _written(path: Path, text: str) -> Path:
    """Write a small file and return its path."""
    path.write_text(text, encoding="utf-8")
    return path
