"""Pages of tasks, and the home page: a person's day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, flash, g, request, url_for

from webapp.crm.deals import queries as deals
from webapp.crm.deals.views import client_words, stage_name
from webapp.crm.organisations import queries as organisations
from webapp.crm.organisations.views import holders
from webapp.crm.people import queries as people
from webapp.crm.tasks import forms, queries, service
from webapp.crm.tasks.messages import CreateTask, UpdateTask
from webapp.crm.tasks.models import Task
from webapp.crm.tasks.queries import PARTS, Day
from webapp.crm.users.queries import names
from webapp.kit.access import allows, require_any
from webapp.kit.forms import read, visible
from webapp.kit.i18n import gettext as _
from webapp.web.page import page, redirect_to
from webapp.web.records import Editing, attempt, form_page, install_fields, install_history, offers, version_of

blueprint = Blueprint("tasks", __name__, template_folder="templates")
front = Blueprint("home", __name__, template_folder="templates")
PAGE_SIZE = 50
MOST_SHOWN = 200
LIST_SHOWN = 60  # a page of tasks stays light on a telephone
HOME_TASKS, HOME_CLIENTS = 12, 6


def _update(record_id: int, values: Mapping[str, Any], version: int | None) -> Task:
    return service.update(g.session, g.actor, UpdateTask(record_id, values, version))


editing = Editing(
    entity="task",
    plural="tasks",
    argument="task_id",
    fields=forms.FIELDS,
    get=lambda record_id: queries.get(g.session, g.actor, record_id),
    update=_update,
    choices=holders,
    lookups={
        "organisation_id": lambda name: organisations.by_name(g.session, g.actor, name),
        "person_id": lambda name: people.by_name(g.session, g.actor, name),
        "deal_id": lambda name: deals.by_name(g.session, g.actor, name),
    },
)


def _rows(tasks: Sequence[Task], day: Day) -> dict[str, Any]:
    """What the rows of tasks need beside the tasks."""
    may_edit = {task.id for task in tasks if allows(g.actor, task, "edit")}
    return {"day": day, "owners": names(g.session, [task.owner_id for task in tasks]), "editable": may_edit}


@front.get("/")
def home() -> Response:
    """The day of the person who is signed in."""
    day = Day.today()
    due = queries.ahead(g.session, g.actor, queries.matching(g.actor, mine=True), limit=MOST_SHOWN, until=day.end)
    stages = [stage for stage in deals.stages(g.session) if stage.kind == "open"]
    sums: dict[int, list[Any]] = {}
    for row in deals.sums(g.session, g.actor, mine=True):
        sums.setdefault(row.stage_id, []).append(row)
    recent = organisations.listed(
        g.session, organisations.matching(g.actor), sort="updated", after=None, limit=HOME_CLIENTS
    )
    late = sum(1 for task in due if day.part_of(task) == "overdue")
    context = _rows(due, day) | {"late": late, "stages": stages, "sums": sums, "stage_name": stage_name}
    return page("tasks/home.html", tasks=due, shown=HOME_TASKS, recent=recent.rows, **context)


@blueprint.get("/tasks")
def index() -> Response:
    """The list of tasks: what is open by day, or one part of it."""
    require_any(g.actor, "task", "view")
    q, everybody = request.args.get("q", ""), "all" in request.args
    part, after = request.args.get("part", ""), request.args.get("after")
    statement = queries.matching(g.actor, q, mine=not everybody)
    day = Day.today()
    context: dict[str, Any] = {"q": q, "everybody": everybody, "part": part, "more": bool(after)}
    if part in PARTS:
        found = queries.part(g.session, g.actor, statement, part, day=day, after=after, limit=PAGE_SIZE)
        context |= {"groups": [(part, list(found.rows))], "next": found.next}
        tasks = list(found.rows)
    else:
        tasks = queries.ahead(g.session, g.actor, statement, limit=LIST_SHOWN)
        grouped = [(name, [task for task in tasks if day.part_of(task) == name]) for name in PARTS[:-1]]
        context |= {"groups": [(name, rows) for name, rows in grouped if rows], "next": None}
    context["cut"] = part not in PARTS and len(tasks) == LIST_SHOWN
    return page("tasks/index.html", block="rows" if after else "results", **context, **_rows(tasks, day))


@blueprint.post("/tasks/quick")
def quick() -> Response:
    """Add a task from a quick form; answers to the page it came from."""
    tried = attempt(lambda: service.create(g.session, g.actor, forms.read_quick(request.form)))
    place = request.form.get("place", "")
    if tried.errors:
        return page("tasks/quick.html", status=422, errors=tried.errors, typed=request.form, place=place)
    flash(_("The task is added"), "success")
    return redirect_to(_back(tried.record, place))


def _back(task: Task, place: str) -> str:
    """The page on which a quick form stood."""
    places = {
        "home": lambda: url_for("home.home"),
        "organisation": lambda: url_for("organisations.show", organisation_id=task.organisation_id),
        "person": lambda: url_for("people.show", person_id=task.person_id),
        "deal": lambda: url_for("deals.show", deal_id=task.deal_id),
    }
    return places.get(place, lambda: url_for("tasks.index"))()


def _texts(record: Task | None = None) -> dict[str, Any]:
    trail = (_("Tasks"), url_for("tasks.index"))
    if record is None:
        back = url_for("tasks.index")
        return {
            "title": _("New task"),
            "trail": trail,
            "action": url_for("tasks.create"),
            "back": back,
            "save": _("Add"),
        }
    title = _("Edit %(name)s", name=record.title)
    return {"title": title, "trail": trail, "action": editing.url("save", record), "back": editing.url("show", record),
            "save": _("Save")}  # fmt: skip


@blueprint.get("/tasks/new")
def new() -> Response:
    """The form of a new task."""
    require_any(g.actor, "task", "create")
    return form_page(editing, texts=_texts(), values={"owner_id": g.actor.id, "all_day": True})


@blueprint.post("/tasks")
def create() -> Response:
    """Add a task."""
    values, errors = read(editing.fields, request.form, editing.lookups)
    values = {"title": "", **values}
    tried = attempt(lambda: service.create(g.session, g.actor, CreateTask(**values)), errors)
    if tried.errors:
        return form_page(editing, texts=_texts(), tried=tried)
    flash(_("The task is added"), "success")
    return redirect_to(editing.url("show", tried.record))


@blueprint.get("/tasks/offers")
def offer() -> Response:
    """Titles while one is typed."""
    return offers([])


@blueprint.get("/tasks/<int:task_id>")
def show(task_id: int) -> Response:
    """The card of a task."""
    task = queries.get(g.session, g.actor, task_id)
    shown = [one for one in visible(editing.fields, g.actor, "task") if one.name in forms.FACTS]
    may = {action: allows(g.actor, task, action) for action in ("edit", "delete")}
    return page("tasks/show.html", task=task, editing=editing, facts=shown, may=may, **_rows([task], Day.today()))


@blueprint.get("/tasks/<int:task_id>/edit")
def edit(task_id: int) -> Response:
    """The form of a stored task."""
    task = queries.get(g.session, g.actor, task_id)
    return form_page(editing, texts=_texts(task), record=task)


@blueprint.post("/tasks/<int:task_id>")
def save(task_id: int) -> Response:
    """Save the form of a stored task."""
    values, errors = read(editing.fields, request.form, editing.lookups)
    tried = attempt(lambda: _update(task_id, values, version_of(request.form)), errors)
    if tried.errors:
        record = editing.get(task_id)
        return form_page(editing, texts=_texts(record), record=record, tried=tried)
    flash(_("Saved"), "success")
    return redirect_to(editing.url("show", tried.record))


@blueprint.post("/tasks/<int:task_id>/complete")
def complete(task_id: int) -> Response:
    """Mark a task as done, or open it again; answers its row to htmx."""
    done = request.form.get("done", "1") == "1"
    service.complete(g.session, g.actor, task_id, done=done)
    if "HX-Request" not in request.headers:
        return redirect_to(url_for("tasks.index"))
    task = queries.get(g.session, g.actor, task_id)
    return page("tasks/row.html", task=task, **_rows([task], Day.today()))


@blueprint.post("/tasks/<int:task_id>/delete")
def delete(task_id: int) -> Response:
    """Delete a task."""
    service.delete(g.session, g.actor, task_id)
    flash(_("The task is deleted"), "success")
    return redirect_to(url_for("tasks.index"))


def _part(place: str, record_id: int) -> Response:
    about = {"organisation_id": None, "person_id": None, "deal_id": None, f"{place}_id": record_id}
    statement = queries.matching(
        g.actor, organisation_id=about["organisation_id"], person_id=about["person_id"], deal_id=about["deal_id"]
    )
    tasks = queries.ahead(g.session, g.actor, statement, limit=10)
    shown = {f"{place}_id": record_id}
    return page("tasks/of_record.html", tasks=tasks, place=place, about=shown, **_rows(tasks, Day.today()))


@blueprint.get("/organisations/<int:organisation_id>/tasks")
def of_organisation(organisation_id: int) -> Response:
    """The open tasks about an organisation, as a part of its card."""
    return _part("organisation", organisations.get(g.session, g.actor, organisation_id).id)


@blueprint.get("/people/<int:person_id>/tasks")
def of_person(person_id: int) -> Response:
    """The open tasks about a person, as a part of the card."""
    return _part("person", people.get(g.session, g.actor, person_id).id)


@blueprint.get("/deals/<int:deal_id>/tasks")
def of_deal(deal_id: int) -> Response:
    """The open tasks of a deal, as a part of its card."""
    return _part("deal", deals.get(g.session, g.actor, deal_id).id)


install_fields(blueprint, editing)
install_history(blueprint, editing, client_words)
