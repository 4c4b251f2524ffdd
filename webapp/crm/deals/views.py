"""Pages of deals: list, board and card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, flash, g, request, url_for

from webapp.crm.deals import forms, queries, service
from webapp.crm.deals.messages import CreateDeal, SetItems, UpdateDeal
from webapp.crm.deals.models import Deal
from webapp.crm.organisations.queries import by_name as organisations_by_name
from webapp.crm.organisations.queries import get as get_organisation
from webapp.crm.organisations.queries import names_of as organisation_names
from webapp.crm.organisations.views import holder_words, holders
from webapp.crm.people.queries import by_name as people_by_name
from webapp.crm.people.queries import get as get_person
from webapp.crm.people.queries import names_of as people_names
from webapp.crm.products.queries import catalogue
from webapp.crm.users.queries import names
from webapp.kit.access import allows, require_any
from webapp.kit.forms import Field, read, visible, writable
from webapp.kit.fragments import matches
from webapp.kit.i18n import current_locale
from webapp.kit.i18n import gettext as _
from webapp.web.page import page, redirect_to
from webapp.web.records import Editing, attempt, form_page, install_fields, install_history, offers, version_of

blueprint = Blueprint("deals", __name__, template_folder="templates")
PAGE_SIZE = 50


def stage_name(stage: Any) -> str:
    """What a stage is called in the person's language."""
    name: str = stage.name_ru if current_locale() == "ru" else stage.name_en
    return name


def _choices(field: Field) -> Sequence[tuple[Any, str]]:
    if field.name == "stage_id":
        return [(stage.id, stage_name(stage)) for stage in queries.stages(g.session)]
    if field.name == "currency":
        return [(code, code) for code in forms.CURRENCIES]
    return holders(field)


def _update(record_id: int, values: Mapping[str, Any], version: int | None) -> Deal:
    return service.update(g.session, g.actor, UpdateDeal(record_id, values, version))


editing = Editing(
    entity="deal",
    plural="deals",
    argument="deal_id",
    fields=forms.FIELDS,
    get=lambda record_id: queries.get(g.session, g.actor, record_id),
    update=_update,
    choices=_choices,
    lookups={
        "organisation_id": lambda name: organisations_by_name(g.session, g.actor, name),
        "person_id": lambda name: people_by_name(g.session, g.actor, name),
    },
)


def client_words(changed: Sequence[Any]) -> dict[Any, str]:
    """What people call the references in a history, clients among them."""
    named: dict[str, set[int]] = {"organisation_id": set(), "person_id": set()}
    for change in changed:
        if change.field in named:
            named[change.field] |= {value for value in (change.old, change.new) if value is not None}
    words = holder_words(changed)
    for field, find in (("organisation_id", organisation_names), ("person_id", people_names)):
        words |= {(field, key): name for key, name in find(g.session, g.actor, named[field]).items()}
    return words


def _words(changed: Sequence[Any]) -> dict[Any, str]:
    stages = {("stage_id", stage.id): stage_name(stage) for stage in queries.stages(g.session)}
    return client_words(changed) | stages


@blueprint.get("/deals")
def index() -> Response:
    """The list of deals."""
    require_any(g.actor, "deal", "view")
    q, mine = request.args.get("q", ""), "mine" in request.args
    stage_id = request.args.get("stage", type=int)
    sort = "title" if request.args.get("sort") == "title" else "updated"
    statement = queries.matching(g.actor, q, mine=mine, stage_id=stage_id, known=matches(g.session, g.actor, "deal", q))
    after = request.args.get("after")
    found = queries.listed(g.session, g.actor, statement, sort=sort, after=after, limit=PAGE_SIZE)
    owners = names(g.session, [one.owner_id for one in found.rows])
    stages = {stage.id: stage for stage in queries.stages(g.session)}
    context: dict[str, Any] = {
        "q": q,
        "mine": mine,
        "sort": sort,
        "owners": owners,
        "stage_id": stage_id,
    }
    block = "rows" if after else "results"
    return page(
        "deals/index.html", block=block, found=found, stages=stages, stage_name=stage_name, more=bool(after), **context
    )


def _board(*, mine: bool) -> dict[str, Any]:
    stages = queries.stages(g.session)
    columns = queries.board(g.session, g.actor, mine=mine)
    rows = [deal for column in columns.values() for deal in column.rows]
    sums: dict[int, list[Any]] = {}
    for row in queries.sums(g.session, g.actor, mine=mine):
        sums.setdefault(row.stage_id, []).append(row)
    movable = {deal.id for deal in rows if allows(g.actor, deal, "edit")}
    if not writable(editing.field("stage_id", g.actor), g.actor, "deal"):
        movable = set()
    owners = names(g.session, [deal.owner_id for deal in rows])
    return {"stages": stages, "columns": columns, "sums": sums, "owners": owners, "movable": movable, "mine": mine,
            "stage_name": stage_name}  # fmt: skip


@blueprint.get("/deals/board")
def board() -> Response:
    """The deals on a board, a column a stage."""
    require_any(g.actor, "deal", "view")
    return page("deals/board.html", block="board", **_board(mine="mine" in request.args))


@blueprint.get("/deals/board/<int:stage_id>")
def column(stage_id: int) -> Response:
    """More cards of one column."""
    statement = queries.matching(g.actor, mine="mine" in request.args, stage_id=stage_id)
    found = queries.listed(
        g.session, g.actor, statement, sort="updated", after=request.args.get("after"), limit=queries.COLUMN_SIZE
    )
    owners = names(g.session, [deal.owner_id for deal in found.rows])
    movable = {deal.id for deal in found.rows if allows(g.actor, deal, "edit")}
    context = {"owners": owners, "movable": movable, "stages": queries.stages(g.session), "stage_name": stage_name}
    return page("deals/column.html", found=found, stage_id=stage_id, mine="mine" in request.args, **context)  # type: ignore[arg-type]


@blueprint.post("/deals/<int:deal_id>/move")
def move(deal_id: int) -> Response:
    """Move a deal to another stage; answers the board, or goes back to the card."""
    _update(deal_id, {"stage_id": request.form.get("stage", "")}, None)
    if request.form.get("from") == "card":
        return redirect_to(url_for("deals.show", deal_id=deal_id))
    return page("deals/board.html", block="board", **_board(mine="mine" in request.args))


def _texts(record: Deal | None = None) -> dict[str, Any]:
    trail = (_("Deals"), url_for("deals.index"))
    if record is None:
        back = url_for("deals.index")
        return {
            "title": _("New deal"),
            "trail": trail,
            "action": url_for("deals.create"),
            "back": back,
            "save": _("Add"),
        }
    title = _("Edit %(name)s", name=record.title)
    return {"title": title, "trail": trail, "action": editing.url("save", record), "back": editing.url("show", record),
            "save": _("Save")}  # fmt: skip


@blueprint.get("/deals/new")
def new() -> Response:
    """The form of a new deal, for a client when one is named."""
    require_any(g.actor, "deal", "create")
    values: dict[str, Any] = {"owner_id": g.actor.id, "currency": g.parts.settings.currency}
    values["stage_id"] = request.args.get("stage", queries.stages(g.session)[0].id)
    values["title"] = request.args.get("title", "")
    organisation_id, person_id = request.args.get("organisation_id", type=int), request.args.get("person_id", type=int)
    if person_id is not None:
        person = get_person(g.session, g.actor, person_id)
        values["person"] = person.full_name
        values["organisation"] = person.organisation.name if person.organisation else ""
    if organisation_id is not None:
        values["organisation"] = get_organisation(g.session, g.actor, organisation_id).name
    return form_page(editing, texts=_texts(), values=values)


@blueprint.post("/deals")
def create() -> Response:
    """Add a deal."""
    values, errors = read(editing.fields, request.form, editing.lookups)
    values = {"title": "", **values}
    tried = attempt(lambda: service.create(g.session, g.actor, CreateDeal(**values)), errors)
    if tried.errors:
        return form_page(editing, texts=_texts(), tried=tried)
    flash(_("%(name)s is added", name=tried.record.title), "success")
    return redirect_to(editing.url("show", tried.record))


@blueprint.get("/deals/offers")
def offer() -> Response:
    """Titles while one is typed."""
    return offers(queries.options(g.session, g.actor, request.args.get("deal", "")))


@blueprint.get("/deals/<int:deal_id>")
def show(deal_id: int) -> Response:
    """The card of a deal."""
    deal = queries.get(g.session, g.actor, deal_id)
    shown = [one for one in visible(editing.fields, g.actor, "deal") if one.name in forms.FACTS]
    may = {action: allows(g.actor, deal, action) for action in ("edit", "delete")}
    return page("deals/show.html", deal=deal, editing=editing, facts=shown, may=may, stages=queries.stages(g.session),
                stage_name=stage_name, **_items(deal))  # fmt: skip


def _items(deal: Deal, *, form: bool = False, errors: Mapping[str, str] | None = None) -> dict[str, Any]:
    may_edit = allows(g.actor, deal, "edit") and g.actor.level("deal", "items").name == "WRITE"
    items = queries.items(g.session, deal.id) if g.actor.sees("deal", "items") else []
    products = catalogue(g.session, g.actor) if form else []
    return {"lines": items, "total": service.total_of(items), "may_edit_items": may_edit, "editing_items": form,
            "products": products, "spare_rows": forms.SPARE_ROWS, "item_errors": errors or {}}  # fmt: skip


@blueprint.get("/deals/<int:deal_id>/items")
def show_items(deal_id: int) -> Response:
    """The products of a deal, or their form."""
    deal = queries.get(g.session, g.actor, deal_id)
    return page("deals/items_part.html", deal=deal, **_items(deal, form="edit" in request.args))


@blueprint.post("/deals/<int:deal_id>/items")
def save_items(deal_id: int) -> Response:
    """Replace the products of a deal."""
    command = SetItems(deal_id, forms.read_items(request.form), version_of(request.form))
    tried = attempt(lambda: service.set_items(g.session, g.actor, command))
    deal = queries.get(g.session, g.actor, deal_id)
    if tried.errors:
        context = _items(deal, form=True, errors=tried.errors)
        context["typed"] = command.items
        # htmx shows the answer to a 422 in the page; without scripts the browser shows any.
        status = 422 if "HX-Request" in request.headers else tried.status
        return page("deals/items_part.html", deal=deal, status=status, **context)
    return redirect_to(editing.url("show", deal))


@blueprint.get("/deals/<int:deal_id>/edit")
def edit(deal_id: int) -> Response:
    """The form of a stored deal."""
    deal = queries.get(g.session, g.actor, deal_id)
    return form_page(editing, texts=_texts(deal), record=deal)


@blueprint.post("/deals/<int:deal_id>")
def save(deal_id: int) -> Response:
    """Save the form of a stored deal."""
    values, errors = read(editing.fields, request.form, editing.lookups)
    tried = attempt(lambda: _update(deal_id, values, version_of(request.form)), errors)
    if tried.errors:
        record = editing.get(deal_id)
        return form_page(editing, texts=_texts(record), record=record, tried=tried)
    flash(_("Saved"), "success")
    return redirect_to(editing.url("show", tried.record))


@blueprint.post("/deals/<int:deal_id>/delete")
def delete(deal_id: int) -> Response:
    """Delete a deal."""
    service.delete(g.session, g.actor, deal_id)
    flash(_("The deal is deleted"), "success")
    return redirect_to(url_for("deals.index"))


def _part(*, title: str, new_url: str, **filters: int) -> Response:
    statement = queries.matching(
        g.actor, organisation_id=filters.get("organisation_id"), person_id=filters.get("person_id")
    )
    found = queries.listed(g.session, g.actor, statement, sort="updated", after=None, limit=8)
    stages = {stage.id: stage for stage in queries.stages(g.session)}
    return page("deals/of_client.html", found=found, stages=stages, stage_name=stage_name, title=title, new_url=new_url)


@blueprint.get("/organisations/<int:organisation_id>/deals")
def of_organisation(organisation_id: int) -> Response:
    """The deals with an organisation, as a part of its card."""
    organisation = get_organisation(g.session, g.actor, organisation_id)
    address = url_for("deals.new", organisation_id=organisation.id)
    return _part(title=_("Deals"), new_url=address, organisation_id=organisation.id)


@blueprint.get("/people/<int:person_id>/deals")
def of_person(person_id: int) -> Response:
    """The deals with a person, as a part of the card."""
    person = get_person(g.session, g.actor, person_id)
    return _part(title=_("Deals"), new_url=url_for("deals.new", person_id=person.id), person_id=person.id)


install_fields(blueprint, editing)
install_history(blueprint, editing, _words)
