"""Deals in the API."""

from __future__ import annotations

from typing import Any

from flask import Response, g, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.contract import deal as contract
from webapp.crm.deals import queries, service
from webapp.crm.deals.messages import CreateDeal, Item, SetItems, UpdateDeal
from webapp.crm.deals.models import Deal
from webapp.kit import changes
from webapp.kit.access import require_any
from webapp.web import api as web

blueprint = APIBlueprint("deals_api", __name__, abp_tags=[Tag(name="deals")])


class DealPath(BaseModel):
    """Which deal."""

    deal_id: int = Field(ge=1, lt=2**31)


class DealQuery(web.ListQuery):
    """Which deals."""

    organisation_id: web.RecordId | None = None
    person_id: web.RecordId | None = None
    stage_id: web.RecordId | None = None


def _body(deal: Deal) -> dict[str, Any]:
    items = [contract.DealItem.model_validate(item) for item in deal.items]
    body = web.shown(g.actor, "deal", contract.Deal, deal, stage=deal.stage.key, items=items)
    if "stage_id" not in body:
        body.pop("stage", None)
    return body


def _named(values: dict[str, Any]) -> dict[str, Any]:
    """The values with the stage's id in place of its key."""
    key = values.pop("stage", None)
    return values if key is None else {**values, "stage_id": queries.stage_by_key(g.session, key)}


def _set_items(deal_id: int, items: list[contract.NewDealItem]) -> None:
    given = [Item(**item.model_dump()) for item in items]
    service.set_items(g.session, g.actor, SetItems(deal_id, given))


@blueprint.get("/deals", responses={200: contract.DealList})
def list_deals(query: DealQuery) -> Response:
    """Deals, last changed first."""
    require_any(g.actor, "deal", "view")
    statement = queries.matching(
        g.actor,
        query.q,
        stage_id=query.stage_id,
        organisation_id=query.organisation_id,
        person_id=query.person_id,
    )
    found = queries.whole(g.session, statement, after=query.after, limit=query.limit)
    return web.listing((_body(one) for one in found.rows), found.next)


@blueprint.post("/deals", responses={201: contract.Deal})
def create_deal(body: contract.NewDeal) -> Response:
    """Add a deal with its items."""
    deal = service.create(g.session, g.actor, CreateDeal(**_named(web.values(body, "items"))))
    if body.items:
        _set_items(deal.id, body.items)
    address = url_for("deals_api.get_deal", deal_id=deal.id)
    return web.answer(_body(queries.entire(g.session, g.actor, deal.id)), 201, address)


@blueprint.get("/deals/<int:deal_id>", responses={200: contract.Deal})
def get_deal(path: DealPath) -> Response:
    """One deal; the audit keeps that it was read."""
    deal = queries.entire(g.session, g.actor, path.deal_id)
    changes.record(g.session, "deal.viewed", "deal", deal.id)
    return web.answer(_body(deal))


@blueprint.patch("/deals/<int:deal_id>", responses={200: contract.Deal})
def change_deal(path: DealPath, body: contract.DealChange) -> Response:
    """Change fields of a deal; `items` replaces all its items."""
    values = _named(web.changes(body, "items"))
    service.update(g.session, g.actor, UpdateDeal(path.deal_id, values, body.version))
    if body.items is not None:
        _set_items(path.deal_id, body.items)
    return web.answer(_body(queries.entire(g.session, g.actor, path.deal_id)))


@blueprint.delete("/deals/<int:deal_id>")
def delete_deal(path: DealPath) -> Response:
    """Delete a deal with its items."""
    service.delete(g.session, g.actor, path.deal_id)
    return Response(status=204)


@blueprint.get("/stages", responses={200: contract.StageList})
def list_stages() -> Response:
    """The pipeline, in order."""
    require_any(g.actor, "deal", "view")
    stages = [contract.Stage.model_validate(stage).model_dump(mode="json") for stage in queries.stages(g.session)]
    return web.listing(stages, None)
