"""The table of documents."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.crm.organisations.models import Organisation
from webapp.kit.db import Base, Owned
from webapp.kit.searchable import SearchPart


class Document(Base, Owned):
    """An uploaded file (pdf, docx, txt, md) whose text can be found and cited; `state` is received, indexed or failed."""

    __tablename__ = "documents"
    __entity__ = "document"
    __table_args__ = (
        Index(None, "updated_at", "id"),
        CheckConstraint("state IN ('received','indexed','failed')", name="state_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    filename: Mapped[str]
    media_type: Mapped[str]
    sha256: Mapped[str] = mapped_column(index=True)
    bytes: Mapped[int]
    pages: Mapped[int | None]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id", ondelete="SET NULL"), index=True)
    state: Mapped[str] = mapped_column(default="received", server_default="received")
    state_detail: Mapped[str] = mapped_column(default="", server_default="", info={"silent": True})

    organisation: Mapped[Organisation | None] = relationship(lazy="raise")

    def search_title(self) -> str:
        """The title."""
        return self.title

    def search_parts(self) -> list[SearchPart]:
        """The title; the text is indexed in pieces when it has been read."""
        return [SearchPart("title", self.title, "name")]
