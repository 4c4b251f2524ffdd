"""What can be asked about accounts and rights, and what has happened to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from webapp.kit.access import Level, Scope


@dataclass(frozen=True)
class AccountFields:
    """What an administrator writes about an account."""

    username: str
    full_name: str
    email: str
    team_id: int | None
    role_ids: frozenset[int]
    locale: str = "en"


@dataclass(frozen=True)
class Rights:
    """The rights of one role: (entity, action) to scope; (entity, field) to level, restricted fields only."""

    grants: Mapping[tuple[str, str], Scope] = field(default_factory=dict)
    fields: Mapping[tuple[str, str], Level] = field(default_factory=dict)


@dataclass(frozen=True)
class UserCreated:
    """An account was made."""

    type: ClassVar[str] = "user.created"
    subject_type: ClassVar[str] = "user"
    user_id: int

    @property
    def subject_id(self) -> int:
        """The account."""
        return self.user_id


@dataclass(frozen=True)
class UserUpdated:
    """An account was changed: its fields, roles, team, or whether it is active."""

    type: ClassVar[str] = "user.updated"
    subject_type: ClassVar[str] = "user"
    user_id: int

    @property
    def subject_id(self) -> int:
        """The account."""
        return self.user_id


@dataclass(frozen=True)
class RoleUpdated:
    """The rights of a role were changed."""

    type: ClassVar[str] = "role.updated"
    subject_type: ClassVar[str] = "role"
    role_id: int

    @property
    def subject_id(self) -> int:
        """The role."""
        return self.role_id
