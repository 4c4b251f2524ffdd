"""What can be asked of documents, what has happened to them, and what people are told meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from webapp.kit.i18n import N_

WAITING = N_("The file is stored. Its text is read in a moment.")


@dataclass(frozen=True)
class ReceiveDocument:
    """Keep a file that lies in its place on disk: SHA-256, size in bytes, name as uploaded, media type."""

    sha256: str
    size: int
    filename: str
    media_type: str
    title: str = ""
    organisation_id: int | None = None


@dataclass(frozen=True)
class DocumentReceived:
    """A file waits to be read."""

    type: ClassVar[str] = "document.created"
    subject_type: ClassVar[str] = "document"
    document_id: int

    @property
    def subject_id(self) -> int:
        """The document."""
        return self.document_id


@dataclass(frozen=True)
class DocumentReadAgain:
    """A person wants a file read anew that could not be read."""

    type: ClassVar[str] = "document.read_again"
    subject_type: ClassVar[str] = "document"
    document_id: int

    @property
    def subject_id(self) -> int:
        """The document."""
        return self.document_id


@dataclass(frozen=True)
class DocumentIndexed:
    """The text of a document can be found and cited."""

    type: ClassVar[str] = "document.indexed"
    subject_type: ClassVar[str] = "document"
    document_id: int

    @property
    def subject_id(self) -> int:
        """The document."""
        return self.document_id


@dataclass(frozen=True)
class DocumentUpdated:
    """A person has changed what a document is called or whom it belongs to."""

    type: ClassVar[str] = "document.updated"
    subject_type: ClassVar[str] = "document"
    document_id: int

    @property
    def subject_id(self) -> int:
        """The document."""
        return self.document_id


@dataclass(frozen=True)
class DocumentDeleted:
    """A document is gone; `sha256` names its file."""

    type: ClassVar[str] = "document.deleted"
    subject_type: ClassVar[str] = "document"
    document_id: int
    sha256: str

    @property
    def subject_id(self) -> int:
        """The document that was."""
        return self.document_id
