"""The table of products."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Numeric
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base, Timestamped
from webapp.kit.searchable import SearchPart


class Product(Base, Timestamped):
    """Something the company sells; `aliases` are other names by which people ask for it."""

    __tablename__ = "products"
    __entity__ = "product"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    aliases: Mapped[list[str]] = mapped_column(server_default="{}", default=list)
    unit: Mapped[str] = mapped_column(default="", server_default="")
    price: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    currency: Mapped[str] = mapped_column(default="RUB", server_default="RUB")
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    def search_title(self) -> str:
        """The name."""
        return self.name

    def search_parts(self) -> list[SearchPart]:
        """The name and its aliases."""
        return [SearchPart("name", " / ".join([self.name, *self.aliases]), "name")]
