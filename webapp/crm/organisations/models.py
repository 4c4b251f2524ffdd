"""The table of organisations."""

from __future__ import annotations

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base, Owned
from webapp.kit.searchable import SearchPart


class Organisation(Base, Owned):
    """A company, institution or sole trader that is, was or may become a client."""

    __tablename__ = "organisations"
    __entity__ = "organisation"
    # The partial and lower-case ones find a client that is already there, by the same phone, e-mail or name.
    __table_args__ = (
        Index(None, "name", "id"),
        Index(None, "updated_at", "id"),
        Index("ix_organisations_lower_name", text("lower(name)")),
        Index("ix_organisations_phone", "phone", postgresql_where=text("phone <> ''")),
        Index("ix_organisations_email", "email", postgresql_where=text("email <> ''")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    industry: Mapped[str] = mapped_column(default="", server_default="")
    city: Mapped[str] = mapped_column(default="", server_default="")
    website: Mapped[str] = mapped_column(default="", server_default="")
    phone: Mapped[str] = mapped_column(default="", server_default="")
    email: Mapped[str] = mapped_column(default="", server_default="")
    tax_number: Mapped[str] = mapped_column(default="", server_default="")
    notes: Mapped[str] = mapped_column(default="", server_default="")

    def search_title(self) -> str:
        """The name."""
        return self.name

    def search_parts(self) -> list[SearchPart]:
        """Name, contacts, place and notes."""
        return [
            SearchPart("name", self.name, "name"),
            SearchPart("phone", self.phone, "contact"),
            SearchPart("email", self.email, "contact"),
            SearchPart("tax_number", self.tax_number, "contact"),
            SearchPart("industry", self.industry, "name"),
            SearchPart("city", self.city, "name"),
            SearchPart("notes", self.notes),
        ]
