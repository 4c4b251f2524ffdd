"""Documents as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

DocumentState = Literal["received", "indexed", "failed"]


class DocumentSummary(BaseModel):
    """An uploaded file; `pages` only for formats with pages, `detail` says what it waits for or why it failed."""

    id: int
    title: str | None
    filename: str | None
    media_type: str
    bytes: int
    sha256: str
    pages: int | None
    organisation_id: int | None
    state: DocumentState
    detail: str
    owner_id: int | None
    created_at: datetime
    updated_at: datetime
    version: int
    url: str


class DocumentText(BaseModel):
    """The text of one page (or section, for formats without pages)."""

    page: int
    text: str


class Document(DocumentSummary):
    """A document with its text."""

    text: list[DocumentText]


class DocumentUploaded(DocumentSummary):
    """The answer to an upload; `already` when the same content had been uploaded before."""

    already: bool


class DocumentList(BaseModel):
    """One page of documents and the cursor of the next."""

    items: list[DocumentSummary]
    next: str | None
