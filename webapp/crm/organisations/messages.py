"""What can be asked of organisations, and what has happened to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True)
class CreateOrganisation:
    """Add an organisation; without an owner it belongs to its maker."""

    name: str
    industry: str = ""
    city: str = ""
    website: str = ""
    phone: str = ""
    email: str = ""
    tax_number: str = ""
    notes: str = ""
    owner_id: int | None = None
    team_id: int | None = None


@dataclass(frozen=True)
class UpdateOrganisation:
    """Change the named fields; `version` is the one that the person saw, None for "whatever is stored"."""

    id: int
    values: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None


@dataclass(frozen=True)
class OrganisationCreated:
    """An organisation was added."""

    type: ClassVar[str] = "organisation.created"
    subject_type: ClassVar[str] = "organisation"
    organisation_id: int

    @property
    def subject_id(self) -> int:
        """The organisation."""
        return self.organisation_id


@dataclass(frozen=True)
class OrganisationUpdated:
    """Fields of an organisation were changed."""

    type: ClassVar[str] = "organisation.updated"
    subject_type: ClassVar[str] = "organisation"
    organisation_id: int
    fields: tuple[str, ...] = ()

    @property
    def subject_id(self) -> int:
        """The organisation."""
        return self.organisation_id


@dataclass(frozen=True)
class OrganisationDeleted:
    """An organisation was deleted; its people and deals stay, without it."""

    type: ClassVar[str] = "organisation.deleted"
    subject_type: ClassVar[str] = "organisation"
    organisation_id: int

    @property
    def subject_id(self) -> int:
        """The organisation that was."""
        return self.organisation_id
