"""What one update is about: from which release to which, and what the way back may leave as it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from appliance.release.update.engine import StepFailed
from appliance.release.update.journal import Facts
from appliance.release.verifying import version_key

UPDATE: Final = "update"
ROLLBACK: Final = "rollback"
PROGRAMS: Final = ("ostrov-gateway.service", "ostrov-worker.service")
# What writes besides the web instance, in the order of stopping; the socket would start the gateway again.
WRITERS: Final = ("ostrov-worker.service", "ostrov-gateway.socket", "ostrov-gateway.service")
ENGINES: Final = ("ostrov-llm.service", "ostrov-embed.service", "ostrov-speech.service")


def version_of(text: str) -> tuple[int, ...]:
    """Return what orders versions. Raises StepFailed when the text is none."""
    try:
        return version_key(text)
    except ValueError as error:
        raise StepFailed(f"{error}.") from None


def web_unit(version: str) -> str:
    """The unit of one release's web instance."""
    return f"ostrov-web@{version}.service"


@dataclass(frozen=True)
class Plan:
    """One update or one rollback; it stands in the journal's first line.

    `readable` says that the old release works on the new schema: then a way back changes programs only, and keeps
    every record that people have written. `to_point` names the safety backup that a rollback takes the database to.
    """

    label: str
    kind: str
    old: str
    new: str
    bundle: str
    readable: bool
    actor: str
    to_point: str = ""
    min_from: str = "0.0.0"
    bytes_unpacked: int = 0

    @property
    def pauses(self) -> bool:
        """Whether people have to wait, because both releases cannot work on one schema."""
        return not self.readable

    def as_facts(self) -> Facts:
        """The plan as JSON."""
        return asdict(self)

    @classmethod
    def from_facts(cls, facts: Facts) -> Plan:
        """Read a plan out of a journal."""
        known = {name: facts[name] for name in cls.__dataclass_fields__ if name in facts}
        return cls(**known)

    def named(self, label: str) -> Plan:
        """The same plan under another name."""
        return replace(self, label=label)

    @property
    def bundle_path(self) -> Path:
        """The bundle's file."""
        return Path(self.bundle)


def is_readable(old: str, readable_by: str) -> bool:
    """Whether a release works on a schema that is readable by `readable_by` and everything newer."""
    return version_of(old) >= version_of(readable_by)
