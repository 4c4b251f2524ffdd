"""What can be asked of people, and what has happened to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True)
class CreatePerson:
    """Add a person; without an owner the person belongs to the maker."""

    full_name: str
    organisation_id: int | None = None
    position: str = ""
    phone: str = ""
    email: str = ""
    notes: str = ""
    owner_id: int | None = None
    team_id: int | None = None


@dataclass(frozen=True)
class UpdatePerson:
    """Change the named fields; `version` is the one that the person saw, None for "whatever is stored"."""

    id: int
    values: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None


@dataclass(frozen=True)
class PersonCreated:
    """A person was added."""

    type: ClassVar[str] = "person.created"
    subject_type: ClassVar[str] = "person"
    person_id: int

    @property
    def subject_id(self) -> int:
        """The person."""
        return self.person_id


@dataclass(frozen=True)
class PersonUpdated:
    """Fields of a person were changed."""

    type: ClassVar[str] = "person.updated"
    subject_type: ClassVar[str] = "person"
    person_id: int
    fields: tuple[str, ...] = ()

    @property
    def subject_id(self) -> int:
        """The person."""
        return self.person_id


@dataclass(frozen=True)
class PersonDeleted:
    """A person was deleted; deals and calls stay, without a name."""

    type: ClassVar[str] = "person.deleted"
    subject_type: ClassVar[str] = "person"
    person_id: int

    @property
    def subject_id(self) -> int:
        """The person that was."""
        return self.person_id
