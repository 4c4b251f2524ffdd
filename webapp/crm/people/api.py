"""People in the API."""

from __future__ import annotations

from flask import Response, g, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.contract import client
from webapp.crm.people import queries, service
from webapp.crm.people.messages import CreatePerson, UpdatePerson
from webapp.crm.people.models import Person
from webapp.kit import changes
from webapp.kit.access import require_any
from webapp.web import api as web

blueprint = APIBlueprint("people_api", __name__, abp_tags=[Tag(name="people")])


class PersonPath(BaseModel):
    """Which person."""

    person_id: int = Field(ge=1, lt=2**31)


def _body(record: Person) -> dict[str, object]:
    return web.shown(g.actor, "person", client.Person, record)


def _address(record: Person) -> str:
    return url_for("people_api.get_person", person_id=record.id)


@blueprint.get("/people", responses={200: client.PersonList})
def list_people(query: web.ListQuery) -> Response:
    """People, last changed first."""
    require_any(g.actor, "person", "view")
    statement = queries.matching(g.actor, query.q)
    found = queries.whole(g.session, statement, after=query.after, limit=query.limit)
    return web.listing((_body(one) for one in found.rows), found.next)


@blueprint.post("/people", responses={201: client.Person})
def create_person(body: client.NewPerson) -> Response:
    """Add a person."""
    record = service.create(g.session, g.actor, CreatePerson(**web.values(body)))
    return web.answer(_body(record), 201, _address(record))


@blueprint.get("/people/<int:person_id>", responses={200: client.Person})
def get_person(path: PersonPath) -> Response:
    """One person; the audit keeps that it was read."""
    record = queries.get(g.session, g.actor, path.person_id)
    changes.record(g.session, "person.viewed", "person", record.id)
    return web.answer(_body(record))


@blueprint.patch("/people/<int:person_id>", responses={200: client.Person})
def change_person(path: PersonPath, body: client.PersonChange) -> Response:
    """Change fields of a person."""
    command = UpdatePerson(path.person_id, web.changes(body), body.version)
    return web.answer(_body(service.update(g.session, g.actor, command)))


@blueprint.delete("/people/<int:person_id>")
def delete_person(path: PersonPath) -> Response:
    """Delete a person."""
    service.delete(g.session, g.actor, path.person_id)
    return Response(status=204)
