"""What can be asked of the audit room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Filter:
    """Which entries are wanted; an empty field asks for all.

    `actor` is a part of an account's name; an `action` that ends with a dot ("ai.") asks for all that begin so.
    `client` is a part of a client's name; `records` are the clients that have it, as (entity, id).
    """

    actor: str = ""
    action: str = ""
    entity: str = ""
    entity_id: str = ""
    client: str = ""
    records: tuple[tuple[str, str], ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def empty(self) -> bool:
        """Whether everything is wanted."""
        return self == Filter()

    def names(self) -> list[str]:
        """The fields that narrow the view, for the audit entry of an export."""
        return sorted(name for name, value in self.__dict__.items() if value and name != "records")
