"""Dead letters in the API."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response, g
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.contract import dead_letter as contract
from webapp.crm.events import queries, service
from webapp.crm.events.messages import Filter
from webapp.kit.letters import JobFailure
from webapp.web import api as web

api = APIBlueprint("events_api", __name__, abp_tags=[Tag(name="dead letters")])


class LetterPath(BaseModel):
    """Which dead letter."""

    letter_id: int = Field(ge=1, lt=2**63)


class LetterQuery(BaseModel):
    """Which failed deliveries; without `state` those that wait for a person."""

    state: Literal["dead", "retrying", "discarded", "all"] = "dead"
    type: str = Field(default="", max_length=80, description="the type of the events")
    subscriber: str = Field(default="", max_length=80)
    after: str | None = Field(default=None, description="the `next` of the page before")
    limit: int = Field(default=50, ge=1, le=200)


def _body(letter: JobFailure) -> dict[str, Any]:
    return web.shown(g.actor, "job", contract.DeadLetter, letter)


@api.get("/dead-letters", responses={200: contract.DeadLetterList})
def list_dead_letters(query: LetterQuery) -> Response:
    """Failed deliveries, the last first."""
    wanted = Filter("" if query.state == "all" else query.state, query.type, query.subscriber)
    found = queries.page(g.session, g.actor, wanted, after=query.after, limit=query.limit)
    return web.listing((_body(letter) for letter in found.rows), found.next)


@api.get("/dead-letters/<int:letter_id>", responses={200: contract.DeadLetter})
def get_dead_letter(path: LetterPath) -> Response:
    """One failed delivery."""
    return web.answer(_body(queries.one(g.session, g.actor, path.letter_id)))


@api.post("/dead-letters/retry", responses={202: contract.Retried})
def retry_dead_letters() -> Response:
    """Put every dead letter back into its queue."""
    return web.answer({"retried": service.retry_all(g.session, g.actor)}, 202)


@api.post("/dead-letters/<int:letter_id>/retry", responses={202: contract.DeadLetter})
def retry_dead_letter(path: LetterPath) -> Response:
    """Put one dead letter back into its queue."""
    letter = service.retry(g.session, g.actor, path.letter_id)
    g.session.refresh(letter)
    return web.answer(_body(letter), 202)


@api.post("/dead-letters/<int:letter_id>/discard", responses={200: contract.DeadLetter})
def discard_dead_letter(path: LetterPath, body: contract.Discard) -> Response:
    """Give one dead letter up for good."""
    letter = service.discard(g.session, g.actor, path.letter_id, body.reason)
    g.session.refresh(letter)
    return web.answer(_body(letter))
