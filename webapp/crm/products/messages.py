"""What can be asked of products, and what has happened to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar


@dataclass(frozen=True)
class CreateProduct:
    """Add a product; without an owner it belongs to its maker."""

    name: str
    aliases: Sequence[str] = ()
    unit: str = ""
    price: Decimal | str | None = None
    currency: str = "RUB"


@dataclass(frozen=True)
class UpdateProduct:
    """Change the named fields; `version` is the one that the person saw, None for "whatever is stored"."""

    id: int
    values: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None


@dataclass(frozen=True)
class ProductCreated:
    """A product was added."""

    type: ClassVar[str] = "product.created"
    subject_type: ClassVar[str] = "product"
    product_id: int

    @property
    def subject_id(self) -> int:
        """The product."""
        return self.product_id


@dataclass(frozen=True)
class ProductUpdated:
    """Fields of a product were changed."""

    type: ClassVar[str] = "product.updated"
    subject_type: ClassVar[str] = "product"
    product_id: int
    fields: tuple[str, ...] = ()

    @property
    def subject_id(self) -> int:
        """The product."""
        return self.product_id


@dataclass(frozen=True)
class ProductDeleted:
    """A product was deleted; deals keep its name."""

    type: ClassVar[str] = "product.deleted"
    subject_type: ClassVar[str] = "product"
    product_id: int

    @property
    def subject_id(self) -> int:
        """The product that was."""
        return self.product_id
