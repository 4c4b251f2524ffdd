"""Organisations in the API."""

from __future__ import annotations

from flask import Response, g, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.contract import client
from webapp.crm.organisations import queries, service
from webapp.crm.organisations.messages import CreateOrganisation, UpdateOrganisation
from webapp.crm.organisations.models import Organisation
from webapp.kit import changes
from webapp.kit.access import require_any
from webapp.web import api as web

blueprint = APIBlueprint("organisations_api", __name__, abp_tags=[Tag(name="organisations")])


class OrganisationPath(BaseModel):
    """Which organisation."""

    organisation_id: int = Field(ge=1, lt=2**31)


def _body(record: Organisation) -> dict[str, object]:
    return web.shown(g.actor, "organisation", client.Organisation, record)


def _address(record: Organisation) -> str:
    return url_for("organisations_api.get_organisation", organisation_id=record.id)


@blueprint.get("/organisations", responses={200: client.OrganisationList})
def list_organisations(query: web.ListQuery) -> Response:
    """Organisations, last changed first."""
    require_any(g.actor, "organisation", "view")
    statement = queries.matching(g.actor, query.q)
    found = queries.whole(g.session, statement, after=query.after, limit=query.limit)
    return web.listing((_body(one) for one in found.rows), found.next)


@blueprint.post("/organisations", responses={201: client.Organisation})
def create_organisation(body: client.NewOrganisation) -> Response:
    """Add an organisation."""
    record = service.create(g.session, g.actor, CreateOrganisation(**web.values(body)))
    return web.answer(_body(record), 201, _address(record))


@blueprint.get("/organisations/<int:organisation_id>", responses={200: client.Organisation})
def get_organisation(path: OrganisationPath) -> Response:
    """One organisation; the audit keeps that it was read."""
    record = queries.get(g.session, g.actor, path.organisation_id)
    changes.record(g.session, "organisation.viewed", "organisation", record.id)
    return web.answer(_body(record))


@blueprint.patch("/organisations/<int:organisation_id>", responses={200: client.Organisation})
def change_organisation(path: OrganisationPath, body: client.OrganisationChange) -> Response:
    """Change fields of an organisation."""
    command = UpdateOrganisation(path.organisation_id, web.changes(body), body.version)
    return web.answer(_body(service.update(g.session, g.actor, command)))


@blueprint.delete("/organisations/<int:organisation_id>")
def delete_organisation(path: OrganisationPath) -> Response:
    """Delete an organisation."""
    service.delete(g.session, g.actor, path.organisation_id)
    return Response(status=204)
