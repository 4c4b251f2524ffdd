"""The table of people."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.crm.organisations.models import Organisation
from webapp.kit.db import Base, Owned
from webapp.kit.searchable import SearchPart


class Person(Base, Owned):
    """A person, usually at an organisation."""

    __tablename__ = "people"
    __entity__ = "person"
    # The partial and lower-case ones find a person who is already there, by the same phone, e-mail or name.
    __table_args__ = (
        Index(None, "full_name", "id"),
        Index(None, "updated_at", "id"),
        Index("ix_people_lower_name", text("lower(full_name)")),
        Index("ix_people_phone", "phone", postgresql_where=text("phone <> ''")),
        Index("ix_people_email", "email", postgresql_where=text("email <> ''")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    full_name: Mapped[str]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id", ondelete="SET NULL"), index=True)
    position: Mapped[str] = mapped_column(default="", server_default="")
    phone: Mapped[str] = mapped_column(default="", server_default="")
    email: Mapped[str] = mapped_column(default="", server_default="")
    notes: Mapped[str] = mapped_column(default="", server_default="")

    organisation: Mapped[Organisation | None] = relationship(lazy="raise")

    def search_title(self) -> str:
        """The full name."""
        return self.full_name

    def search_parts(self) -> list[SearchPart]:
        """Name, contacts, position and notes."""
        return [
            SearchPart("full_name", self.full_name, "name"),
            SearchPart("phone", self.phone, "contact"),
            SearchPart("email", self.email, "contact"),
            SearchPart("position", self.position, "name"),
            SearchPart("notes", self.notes),
        ]
