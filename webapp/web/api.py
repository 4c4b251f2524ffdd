"""What the API of every kind of record has alike: the query of a list, and answers without hidden fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

from flask import Response, g, jsonify
from pydantic import BaseModel, Field

from webapp.kit.access import Actor

M = TypeVar("M", bound=BaseModel)
RecordId = Annotated[int, Field(ge=1, lt=2**31)]


class ListQuery(BaseModel):
    """Which records, from which cursor."""

    after: str | None = Field(default=None, description="the `next` of the page before")
    limit: int = Field(default=50, ge=1, le=200)
    q: str = Field(default="", max_length=200, description="a fragment of a name, phone or e-mail")


def shown(actor: Actor, entity: str, model: type[BaseModel], record: Any, **more: Any) -> dict[str, Any]:
    """A record as JSON, by its contract, without what is hidden from the actor; `more` overrides attributes."""
    values = {name: getattr(record, name) for name in model.model_fields if name not in more and hasattr(record, name)}
    filled = model.model_validate(values | more)
    return filled.model_dump(mode="json", exclude=set(actor.hidden_fields(entity)))


def listing(items: Iterable[dict[str, Any]], cursor: str | None) -> Response:
    """One page of a list."""
    return jsonify({"items": list(items), "next": cursor})


def answer(body: dict[str, Any], status: int = 200, location: str | None = None) -> Response:
    """A record; 201 with its address when it was made."""
    response = jsonify(body)
    response.status_code = status
    if location:
        response.headers["Location"] = location
    return response


def changes(body: BaseModel, *without: str) -> dict[str, Any]:
    """The fields that a change was sent with."""
    return body.model_dump(exclude_unset=True, exclude={"version", *without})


def values(body: BaseModel, *without: str) -> dict[str, Any]:
    """The fields of a new record."""
    return body.model_dump(exclude=set(without))


def me() -> Actor:
    """Who asks; routes of the API are closed, so there is always somebody."""
    actor: Actor = g.actor
    return actor
