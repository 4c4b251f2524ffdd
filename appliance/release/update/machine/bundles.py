"""Bundles: verified by the same code that a bare server uses, unpacked, remembered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from appliance.release import reading, verifying
from appliance.release.sbom import Change, difference
from appliance.release.state import HistoryEntry, append_history, record_installed
from appliance.release.update.engine import StepFailed
from appliance.release.update.files import remove_folder
from appliance.release.update.journal import Facts
from appliance.release.update.layout import Layout
from appliance.release.update.ports import Release, release_of

BILL: Final = "sbom.cdx.json"


@dataclass(frozen=True)
class SignedBundles:
    """The real part of the port `Bundles`."""

    layout: Layout

    def verify(self, bundle: Path, *, older: bool = False) -> Release:
        """Read every byte of a bundle and return what it is."""
        return release_of(self._read(bundle, None, older=older))

    def unpack(self, bundle: Path, folder: Path) -> None:
        """Verify and unpack a bundle; what lay there before is replaced."""
        fresh = _fresh(folder)
        remove_folder(fresh)
        self._read(bundle, fresh, older=False)
        remove_folder(folder)
        fresh.rename(folder)

    def clear(self, folder: Path, *, keep: bool) -> None:
        """Remove what was unpacked, or only what an interrupted unpacking has left beside it."""
        fresh = _fresh(folder)
        if keep and fresh.exists() and not folder.exists():
            fresh.rename(folder)
        for left in (fresh, *folder.parent.glob(f".{fresh.name}.unpacking-*"), *(() if keep else (folder,))):
            remove_folder(left)

    def installed(self, version: str) -> Release:
        """Return what the manifest of an installed release says."""
        manifest = self.layout.release(version) / "manifest.json"
        try:
            return release_of(json.loads(manifest.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError) as error:
            raise StepFailed(f"{manifest} cannot be read: {error}") from None

    def remember(self, release: Release, entry: Facts) -> None:
        """Write the installed version, the highest one of its key, and a line of the history."""
        try:
            record_installed(self.layout.state / "state.json", release.version, release.key_id)
        except reading.Refusal as refusal:
            raise StepFailed(refusal.sentence, refusal.remedy) from None
        line = HistoryEntry(
            at=datetime.now(UTC),
            who=str(entry["actor"]),
            action=str(entry["kind"]),
            outcome=str(entry["outcome"]),
            before=str(entry["old"]),
            after=str(entry["new"]),
            key_id=release.key_id or None,
            changes=tuple(self.changes(str(entry["old"]), self._bill(str(entry["new"])))),
            details={"journal": entry["label"]},
        )
        append_history(self.layout.state / "history.jsonl", line)

    def changes(self, old: str, bill: dict[str, Any]) -> list[Change]:
        """What another bill of materials has else than an unpacked bundle; nothing when one of them is unknown."""
        before = self._bill(old)
        return difference(before, bill) if before and bill else []

    def _bill(self, version: str) -> dict[str, Any]:
        path = self.layout.bundle(version) / BILL
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return found

    def _read(self, bundle: Path, folder: Path | None, *, older: bool) -> dict[str, Any]:
        state = self.layout.state / "state.json"
        try:
            good = verifying.verify(bundle, self.layout.signers, state, extract=folder, allow_older=older)
        except reading.Refusal as refusal:
            raise StepFailed(refusal.sentence, refusal.remedy) from None
        return dict(good.manifest.tables)


def _fresh(folder: Path) -> Path:
    """Where a bundle is unpacked before it takes its place; whole when it is there."""
    return folder.with_name(f".{folder.name}.fresh")
