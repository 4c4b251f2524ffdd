"""Search results and answers as the API shows them."""

from __future__ import annotations

from pydantic import BaseModel, Field


class SearchResult(BaseModel):
    """A record that was found; `snippet` is plain text, `second` a place in a call, `page` one in a document."""

    type: str
    id: int
    title: str
    snippet: str
    url: str
    second: float | None
    page: int | None
    score: float


class SearchResults(BaseModel):
    """What was found, best first; `degraded` when only words could be searched, because the embedding model is down."""

    items: list[SearchResult]
    degraded: bool


class Question(BaseModel):
    """A question; with `client_id` (person:5 or organisation:7) it is answered from that client's records alone."""

    question: str = Field(min_length=1, max_length=2000)
    client_id: str = ""


class AnswerCitation(BaseModel):
    """Where a claim comes from: a record, the words in it, and their second or page."""

    type: str
    id: int
    quote: str
    title: str
    url: str
    second: float | None
    page: int | None


class Answer(BaseModel):
    """An answer whose claims are numbered [1], [2] after `citations`; without a source nothing is answered."""

    answer: str
    answered: bool
    citations: list[AnswerCitation]
    degraded: bool
