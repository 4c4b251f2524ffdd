"""The contract's schemas, the feed of events, and records of other systems, in the API."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint, Response, g, jsonify, request, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.contract import event as contract
from appliance.contract import exchange, schemas, version
from webapp.crm.exchange.service import taking
from webapp.kit import feed
from webapp.kit.errors import Forbidden, Invalid, NotFound
from webapp.kit.i18n import N_
from webapp.web import api as web
from webapp.web.exchange import VersionNotRead

schemas_blueprint = Blueprint("contract", __name__, url_prefix="/api/v1/contract")
blueprint = APIBlueprint("exchange_api", __name__, abp_tags=[Tag(name="exchange")])

BATCH = "application/cloudevents-batch+json"
READERS = ("audit", "job")  # whoever may look into the audit or at the jobs of the server may read the events


@schemas_blueprint.get("/")
def index() -> Response:
    """The version of the contract, the names and addresses of its schemas, and the types of events."""
    items = [{"name": name, "url": url_for("contract.show", name=name)} for name in schemas.NAMES]
    return jsonify({"version": version.CONTRACT_VERSION, "items": items, "events": sorted(contract.EVENTS)})


@schemas_blueprint.get("/<name>.json")
def show(name: str) -> Response:
    """The JSON Schema of one part of the contract."""
    if name not in schemas.NAMES:
        raise NotFound
    response = jsonify(schemas.schema(name, url_for("contract.show", name=name)))
    response.content_type = "application/schema+json"
    return response


class EventQuery(BaseModel):
    """Which events, from which place."""

    after: str = Field(default="", description="the `sequence` of the last event that you have, or `next`")
    limit: int = Field(default=100, ge=1, le=1000)
    type: list[str] = Field(default=[], description="types; one that ends with a dot asks for all that begin so")
    subject: str = Field(default="", max_length=100, description="one record, such as deal/12")


@blueprint.get("/events", responses={200: contract.EventList})
def list_events(query: EventQuery) -> Response:
    """Events, oldest first; with `Accept: application/cloudevents-batch+json` as a batch and a Link header."""
    if not any(g.actor.may(entity) for entity in READERS):
        raise Forbidden
    position = _position(query.after)
    found = feed.after(g.session, position, limit=query.limit + 1, types=query.type, subject=query.subject)
    following = found[query.limit - 1].sequence if len(found) > query.limit else None
    events = [feed.envelope(placed) for placed in found[: query.limit]]
    if request.accept_mimetypes.best_match(["application/json", BATCH]) != BATCH:
        return web.listing(events, following)
    response = jsonify(events)
    response.content_type = BATCH
    if following:
        arguments = query.model_dump(exclude_defaults=True) | {"after": following}
        response.headers["Link"] = f'<{url_for("exchange_api.list_events", **arguments)}>; rel="next"'
    return response


def _position(after: str) -> int:
    if after and not (after.isascii() and after.isdigit() and len(after) <= feed.SEQUENCE_DIGITS):
        raise Invalid({"after": N_("This is not a place in the feed; send the sequence of an event, or nothing")})
    return min(int(after or 0), feed.LAST_POSITION)


class SourcePath(BaseModel):
    """Which system the records come from: a short name that the sender chooses and keeps."""

    source: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,49}$")


class KeyPath(SourcePath):
    """Which record of a system."""

    entity: Literal["organisation", "person", "product", "deal", "task", "communication"]
    key: str = Field(min_length=1, max_length=200)


@blueprint.post("/exchange/<source>", responses={200: exchange.Exchanged})
def take(path: SourcePath, body: exchange.Exchange) -> Response:
    """Add or change records of another system; one that cannot be taken is refused, the others are kept."""
    try:
        with version.reading(body.contract):
            results = taking.take(g.session, g.actor, path.source, body)
    except version.VersionRefused as error:
        raise VersionNotRead(str(error), field="contract") from None
    if body.check:
        g.session.rollback()
        results = [one.model_copy(update={"id": None}) if one.outcome == "created" else one for one in results]
    return web.answer(exchange.Exchanged(items=results).model_dump(mode="json"))


@blueprint.get("/exchange/<source>/<entity>/<key>")
def find(path: KeyPath) -> Response:
    """The id of the record that stands under a key of another system."""
    found = taking.address_of(g.session, g.actor, path.source, path.entity, path.key)
    return web.answer({"source": path.source, "entity": path.entity, "key": path.key, "id": found})
