"""What one look at the machine gives: a result, and the finding that it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from appliance.doctor.said import NOTHING, Language, Said


class Status(StrEnum):
    """How a finding stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"  # it could not be checked
    SKIPPED = "skipped"  # not checked, because what it rests on is not well
    INAPPLICABLE = "inapplicable"
    WAIVED = "waived"


@dataclass(frozen=True)
class Result:
    """What was seen, and what to type when it is not well."""

    observed: Said
    remedy: Said = NOTHING
    status: ClassVar[Status]


class Ok(Result):
    """As it should be."""

    status = Status.OK


class Warn(Result):
    """It works, and somebody should look at it soon."""

    status = Status.WARN


class Fail(Result):
    """It does not work, or it protects nobody."""

    status = Status.FAIL


class CouldNot(Result):
    """It could not be seen; that says nothing about whether it is well."""

    status = Status.UNKNOWN


class Skipped(Result):
    """Something that it rests on is not well: that is the finding."""

    status = Status.SKIPPED


class Inapplicable(Result):
    """There is no such thing here."""

    status = Status.INAPPLICABLE


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report."""

    id: str
    title: Said
    status: Status
    observed: Said
    expected: Said
    remedy: Said
    control: str
    took_ms: int
    waived_for: str = ""
    waived_until: date | None = None

    @property
    def group(self) -> str:
        """The part of the id before the dot."""
        return self.id.partition(".")[0]

    @property
    def doc(self) -> str:
        """Where the documents tell more."""
        return f"docs/troubleshooting.md#{self.id.replace('.', '-')}"

    def as_json(self, language: Language) -> dict[str, Any]:
        """The finding for programs; sentences in one language."""
        told: dict[str, Any] = {
            "id": self.id,
            "group": self.group,
            "title": self.title.spoken(language),
            "status": str(self.status),
            "observed": self.observed.spoken(language),
            "expected": self.expected.spoken(language),
            "remedy": self.remedy.spoken(language),
            "doc": self.doc,
            "control": self.control,
            "took_ms": self.took_ms,
        }
        if self.waived_until is not None:
            told["waiver"] = {"reason": self.waived_for, "expires": self.waived_until.isoformat()}
        return told
