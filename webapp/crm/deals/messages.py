"""What can be asked of deals, and what has happened to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar


@dataclass(frozen=True)
class CreateDeal:
    """Add a deal; without an owner it belongs to its maker."""

    title: str
    organisation_id: int | None = None
    person_id: int | None = None
    stage_id: int | None = None
    amount: Decimal | str | None = None
    currency: str = "RUB"
    expected_close: date | str | None = None
    notes: str = ""
    owner_id: int | None = None
    team_id: int | None = None


@dataclass(frozen=True)
class UpdateDeal:
    """Change the named fields; `version` is the one that the person saw, None for "whatever is stored"."""

    id: int
    values: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None


@dataclass(frozen=True)
class Item:
    """A product of a deal: one of the catalogue, or words alone; without a price the catalogue's price counts."""

    product_name: str = ""
    product_id: int | None = None
    quantity: Decimal | str | None = None
    price: Decimal | str | None = None


@dataclass(frozen=True)
class SetItems:
    """Replace the products of a deal; `by_person` False leaves them alone when a person has set them."""

    deal_id: int
    items: Sequence[Item] = ()
    version: int | None = None
    by_person: bool = True


@dataclass(frozen=True)
class DealCreated:
    """A deal was added."""

    type: ClassVar[str] = "deal.created"
    subject_type: ClassVar[str] = "deal"
    deal_id: int

    @property
    def subject_id(self) -> int:
        """The deal."""
        return self.deal_id


@dataclass(frozen=True)
class DealUpdated:
    """Fields of a deal were changed."""

    type: ClassVar[str] = "deal.updated"
    subject_type: ClassVar[str] = "deal"
    deal_id: int
    fields: tuple[str, ...] = ()

    @property
    def subject_id(self) -> int:
        """The deal."""
        return self.deal_id


@dataclass(frozen=True)
class DealDeleted:
    """A deal was deleted."""

    type: ClassVar[str] = "deal.deleted"
    subject_type: ClassVar[str] = "deal"
    deal_id: int

    @property
    def subject_id(self) -> int:
        """The deal that was."""
        return self.deal_id
