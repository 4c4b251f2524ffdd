"""Pieces that several parts of the contract share."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, model_validator

from appliance.contract.version import unknown_fields_are_ignored

T = TypeVar("T")

# Amounts travel as JSON numbers; they have at most 14 digits, which a double holds exactly enough to round back.
Number = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
RecordId = Annotated[int, Field(ge=1, lt=2**31)]


class Strict(BaseModel):
    """Input in which an unknown field is an error, so that a typing mistake is not silently lost.

    In a document that says it is of a newer minor version of the contract, what is not known yet is ignored instead.
    """

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _leave_out_what_is_newer(cls, given: Any) -> Any:
        if isinstance(given, dict) and unknown_fields_are_ignored():
            return {name: value for name, value in given.items() if name in cls.model_fields}
        return given


class Shown(BaseModel):
    """Output read from a record. A field that is hidden from the asker is left out."""

    model_config = ConfigDict(from_attributes=True)


class Listing(BaseModel, Generic[T]):
    """One page of a list; `next` is the cursor of the following page, null at the end."""

    items: list[T]
    next: str | None = None
