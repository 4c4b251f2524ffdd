"""Tables of deals, their stages and the products in them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.crm.products.models import Product
from webapp.kit.db import Base, Owned
from webapp.kit.searchable import SearchPart


class Stage(Base):
    """A step of the pipeline; `kind` is open, won or lost."""

    __tablename__ = "stages"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name_en: Mapped[str]
    name_ru: Mapped[str]
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(default="open", server_default="open")
    probability: Mapped[int] = mapped_column(default=0, server_default="0")


class Deal(Base, Owned):
    """A sale in the making."""

    __tablename__ = "deals"
    __entity__ = "deal"
    __table_args__ = (
        Index(None, "stage_id", "updated_at", "id"),
        Index(None, "updated_at", "id"),
        Index(None, "title", "id"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id", ondelete="SET NULL"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id"))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    currency: Mapped[str] = mapped_column(default="RUB", server_default="RUB")
    expected_close: Mapped[date | None]
    notes: Mapped[str] = mapped_column(default="", server_default="")

    organisation: Mapped[Organisation | None] = relationship(lazy="raise")
    person: Mapped[Person | None] = relationship(lazy="raise")
    stage: Mapped[Stage] = relationship(lazy="raise")
    items: Mapped[list[DealItem]] = relationship(lazy="raise", cascade="all, delete-orphan", order_by="DealItem.id")

    def search_title(self) -> str:
        """The title."""
        return self.title

    def search_parts(self) -> list[SearchPart]:
        """Title, amount and notes."""
        amount = f"{self.amount:.0f} {self.currency}" if self.amount is not None else ""
        return [
            SearchPart("title", self.title, "name"),
            SearchPart("amount", amount, "contact"),
            SearchPart("notes", self.notes),
        ]


class DealItem(Base):
    """A product in a deal; `product_name` keeps the words when the product is not in the catalogue."""

    __tablename__ = "deal_items"
    __entity__ = "deal_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    deal_id: Mapped[int] = mapped_column(ForeignKey("deals.id", ondelete="CASCADE"), index=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id", ondelete="SET NULL"))
    product_name: Mapped[str]
    quantity: Mapped[Decimal | None] = mapped_column(Numeric(14, 3))
    price: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))

    product: Mapped[Product | None] = relationship(lazy="raise")
