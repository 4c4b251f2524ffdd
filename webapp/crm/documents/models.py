"""Tables of documents and of the text on their pages."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.crm.organisations.models import Organisation
from webapp.kit.db import Base, Owned
from webapp.kit.pieces import pieces
from webapp.kit.searchable import SearchPart


class Document(Base, Owned):
    """An uploaded file (pdf, docx, txt, md) whose text can be found and cited.

    `state` is received, indexed or failed; `pages` is None for formats without pages.
    """

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
    text: Mapped[list[DocumentPage]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="DocumentPage.number", passive_deletes=True
    )

    def search_title(self) -> str:
        """The title."""
        return self.title

    def search_parts(self) -> list[SearchPart]:
        """The title and, when the text has just been read (or was loaded), its pieces with their pages."""
        parts = [SearchPart("title", self.title, "name")]
        for sheet in self.__dict__.get("text", ()):
            parts += [SearchPart("text", piece, page=sheet.number) for piece in pieces(sheet.text)]
        return parts


class DocumentPage(Base):
    """The text of one page; formats without pages are cut into sections of a page's length, numbered in order."""

    __tablename__ = "document_pages"
    __table_args__ = (UniqueConstraint("document_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    number: Mapped[int]
    text: Mapped[str]
