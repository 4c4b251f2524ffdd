"""The table of tasks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.crm.deals.models import Deal
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.kit.db import Base, Owned
from webapp.kit.searchable import SearchPart


class Task(Base, Owned):
    """Something to do by a moment; its owner is who has to do it."""

    __tablename__ = "tasks"
    __entity__ = "task"
    __table_args__ = (Index(None, "owner_id", "done_at", "due_at"), Index(None, "updated_at", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    due_at: Mapped[datetime | None]
    all_day: Mapped[bool] = mapped_column(default=True, server_default="true")
    done_at: Mapped[datetime | None]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    deal_id: Mapped[int | None] = mapped_column(ForeignKey("deals.id", ondelete="SET NULL"), index=True)
    notes: Mapped[str] = mapped_column(default="", server_default="")

    organisation: Mapped[Organisation | None] = relationship(lazy="raise")
    person: Mapped[Person | None] = relationship(lazy="raise")
    deal: Mapped[Deal | None] = relationship(lazy="raise")

    def search_title(self) -> str:
        """The title."""
        return self.title

    def search_parts(self) -> list[SearchPart]:
        """Title and notes."""
        return [SearchPart("title", self.title, "name"), SearchPart("notes", self.notes)]
