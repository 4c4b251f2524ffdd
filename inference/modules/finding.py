"""Finds every module: folders here, and packages that installed distributions name; says of each what became of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from pathlib import Path

from appliance.settings import GatewaySettings, read
from inference.modules.approvals import Approval, BadApprovals, read_approvals
from inference.modules.base import Module
from inference.modules.loading import MANIFEST, BrokenModule, load_module, read_manifest
from inference.modules.sealing import NotSealable, checksum_of, open_sealed, place_of, sums_of, top_of

GROUP = "ostrov.modules"
OURS = "ostrov"
LOADED, NOT_APPROVED, BROKEN = "loaded", "not approved", "broken"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A module that is installed: `state` is loaded, not approved or broken, and `reason` says why it is not loaded.

    `package` is its dotted name, `source` the distribution that brings it, `checksum` that of a foreign package.
    """

    name: str
    version: str
    package: str
    source: str
    state: str
    reason: str = ""
    checksum: str = ""
    module: Module | None = None

    def as_json(self) -> dict[str, str]:
        """The entry for lists."""
        names = ("name", "version", "package", "source", "state", "reason", "checksum")
        return {name: getattr(self, name) for name in names}


def find_modules(approvals: Path | None = None, points: Iterable[EntryPoint] | None = None) -> list[Found]:
    """Every module of ours, then those of other packages that `points` name. A name is given once, ours first."""
    path = read(GatewaySettings).approvals_path if approvals is None else approvals
    foreign = entry_points(group=GROUP) if points is None else points
    ours = (_load(package, OURS, package.rpartition(".")[2]) for package in own_packages())
    approved = _approved(path)
    theirs = (_foreign(point, approved) for point in sorted(foreign, key=lambda point: (point.name, point.value)))
    return _each_name_once([*ours, *theirs])


def load_modules(found: Iterable[Found] | None = None) -> dict[str, Module]:
    """The modules that can run, by name; each one that cannot is logged with its reason."""
    modules: dict[str, Module] = {}
    for entry in find_modules() if found is None else found:
        if entry.module is not None:
            modules[entry.name] = entry.module
        else:
            log.error("module.skipped package=%s state=%s reason=%s", entry.package, entry.state, entry.reason)
    return modules


def own_packages() -> list[str]:
    """The folders beside this file that have a manifest."""
    here = __name__.rpartition(".")[0]
    folders = sorted(files(here).iterdir(), key=lambda item: item.name)
    return [f"{here}.{folder.name}" for folder in folders if folder.is_dir() and (folder / MANIFEST).is_file()]


def _approved(path: Path) -> Callable[[str, str], str]:
    """A function that says why a package with this checksum may not be loaded; nothing when it may."""
    try:
        known: Mapping[str, Approval] = read_approvals(path)
        distrust = ""
    except BadApprovals as error:
        known, distrust = {}, str(error)

    def why_not(top: str, checksum: str) -> str:
        if distrust:
            return distrust
        if top not in known:
            return f"nobody has approved the package {top}: ostrov modules approve"
        if known[top].sha256 != checksum:
            return f"its files are not those that were approved on {known[top].at[:10]}: checksum {checksum[:16]}…"
        return ""

    return why_not


def _foreign(point: EntryPoint, approved: Callable[[str, str], str]) -> Found:
    """Look at a module of another package; import it only when its checksum was approved."""
    package, top = point.module, top_of(point.module)
    source = f"{point.dist.name} {point.dist.version}" if point.dist is not None else top
    entry = Found(point.name, "", package, source, BROKEN)
    try:
        folder, whole = place_of(package), place_of(top)
        sums = sums_of(whole)
        entry = replace(entry, checksum=checksum_of(whole, sums))
        manifest = read_manifest(folder)
        entry = replace(entry, name=manifest.name, version=manifest.version)
        if reason := approved(top, entry.checksum):
            return replace(entry, state=NOT_APPROVED, reason=reason)
        open_sealed(top, whole, sums)
    except (NotSealable, BrokenModule) as error:
        return replace(entry, reason=str(error))
    return replace(_load(package, source, entry.name), checksum=entry.checksum)


def _load(package: str, source: str, name: str) -> Found:
    """Import a module that may be imported."""
    try:
        module = load_module(package)
    except BrokenModule as error:
        return Found(name, "", package, source, BROKEN, str(error))
    except Exception as error:  # a module is foreign code and can fail in any way; the others must still run
        log.exception("module.failed package=%s error=%s", package, type(error).__name__)
        return Found(name, "", package, source, BROKEN, f"{type(error).__name__}: {error}")
    return Found(module.manifest.name, module.manifest.version, package, source, LOADED, module=module)


def _each_name_once(found: Iterable[Found]) -> list[Found]:
    """The entries; one whose name a module before it has is not loaded."""
    taken: dict[str, str] = {}
    kept: list[Found] = []
    for entry in found:
        owner = taken.get(entry.name)
        if entry.module is not None and owner is not None:
            reason = f"the name {entry.name} is taken by {owner}"
            kept.append(replace(entry, state=BROKEN, reason=reason, module=None))
            continue
        if entry.module is not None:
            taken[entry.name] = entry.package
        kept.append(entry)
    return kept
