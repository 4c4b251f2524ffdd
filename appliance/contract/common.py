"""Pieces that several parts of the contract share."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

T = TypeVar("T")

# Amounts travel as JSON numbers; they have at most 14 digits, which a double holds exactly enough to round back.
Number = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
RecordId = Annotated[int, Field(ge=1, lt=2**31)]


class Strict(BaseModel):
    """Input in which an unknown field is an error, so that a typing mistake is not silently lost."""

    model_config = ConfigDict(extra="forbid")


class Shown(BaseModel):
    """Output read from a record. A field that is hidden from the asker is left out."""

    model_config = ConfigDict(from_attributes=True)


class Listing(BaseModel, Generic[T]):
    """One page of a list; `next` is the cursor of the following page, null at the end."""

    items: list[T]
    next: str | None = None
