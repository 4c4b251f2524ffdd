"""Tasks in the API."""

from __future__ import annotations

from typing import Any

from flask import Response, g, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.contract import task as contract
from webapp.crm.tasks import queries, service
from webapp.crm.tasks.messages import CreateTask, UpdateTask
from webapp.crm.tasks.models import Task
from webapp.kit.access import require_any
from webapp.web import api as web

blueprint = APIBlueprint("tasks_api", __name__, abp_tags=[Tag(name="tasks")])


class TaskPath(BaseModel):
    """Which task."""

    task_id: int = Field(ge=1, lt=2**31)


class TaskQuery(web.ListQuery):
    """Which tasks."""

    organisation_id: web.RecordId | None = None
    person_id: web.RecordId | None = None
    deal_id: web.RecordId | None = None
    mine: bool = Field(default=False, description="only those that the caller has to do")


def _body(task: Task) -> dict[str, Any]:
    return web.shown(g.actor, "task", contract.Task, task)


@blueprint.get("/tasks", responses={200: contract.TaskList})
def list_tasks(query: TaskQuery) -> Response:
    """Tasks, last changed first."""
    require_any(g.actor, "task", "view")
    statement = queries.matching(
        g.actor,
        query.q,
        mine=query.mine,
        organisation_id=query.organisation_id,
        person_id=query.person_id,
        deal_id=query.deal_id,
    )
    found = queries.listed(g.session, statement, after=query.after, limit=query.limit)
    return web.listing((_body(one) for one in found.rows), found.next)


@blueprint.post("/tasks", responses={201: contract.Task})
def create_task(body: contract.NewTask) -> Response:
    """Add a task."""
    task = service.create(g.session, g.actor, CreateTask(**web.values(body)))
    return web.answer(_body(task), 201, url_for("tasks_api.get_task", task_id=task.id))


@blueprint.get("/tasks/<int:task_id>", responses={200: contract.Task})
def get_task(path: TaskPath) -> Response:
    """One task."""
    return web.answer(_body(queries.get(g.session, g.actor, path.task_id)))


@blueprint.patch("/tasks/<int:task_id>", responses={200: contract.Task})
def change_task(path: TaskPath, body: contract.TaskChange) -> Response:
    """Change fields of a task; `done` completes it or opens it again."""
    command = UpdateTask(path.task_id, web.changes(body, "done"), body.version)
    task = service.update(g.session, g.actor, command)
    if body.done is not None:
        task = service.complete(g.session, g.actor, path.task_id, done=body.done)
    return web.answer(_body(task))


@blueprint.delete("/tasks/<int:task_id>")
def delete_task(path: TaskPath) -> Response:
    """Delete a task."""
    service.delete(g.session, g.actor, path.task_id)
    return Response(status=204)
