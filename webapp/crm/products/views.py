"""Pages of the catalogue of products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, flash, g, request, url_for

from webapp.crm.organisations.views import holder_words
from webapp.crm.products import forms, queries, service
from webapp.crm.products.messages import CreateProduct, UpdateProduct
from webapp.crm.products.models import Product
from webapp.kit.access import require_any
from webapp.kit.forms import Field, read, visible
from webapp.kit.i18n import gettext as _
from webapp.web.page import page, redirect_to
from webapp.web.records import Editing, attempt, form_page, install_history, version_of

blueprint = Blueprint("products", __name__, template_folder="templates")
PAGE_SIZE = 50


def _choices(_field: Field) -> Sequence[tuple[Any, str]]:
    return [(code, code) for code in forms.CURRENCIES]


def _update(record_id: int, values: Mapping[str, Any], version: int | None) -> Product:
    return service.update(g.session, g.actor, UpdateProduct(record_id, values, version))


editing = Editing(
    entity="product",
    plural="products",
    argument="product_id",
    fields=forms.FIELDS,
    get=lambda record_id: queries.get(g.session, g.actor, record_id),
    update=_update,
    choices=_choices,
)


@blueprint.get("/products")
def index() -> Response:
    """The catalogue."""
    require_any(g.actor, "product", "view")
    q, after = request.args.get("q", ""), request.args.get("after")
    statement = queries.matching(g.actor, q)
    found = queries.listed(g.session, statement, after=after, limit=PAGE_SIZE)
    return page("products/index.html", block="rows" if after else "results", found=found, q=q, more=bool(after))


def _texts(record: Product | None = None) -> dict[str, Any]:
    back = url_for("products.index")
    shared = {"trail": (_("Products"), back), "back": back}
    if record is None:
        return shared | {"title": _("New product"), "action": url_for("products.create"), "save": _("Add")}
    return shared | {"title": record.name, "action": editing.url("save", record), "save": _("Save")}


@blueprint.get("/products/new")
def new() -> Response:
    """The form of a new product."""
    require_any(g.actor, "product", "create")
    return form_page(editing, texts=_texts(), values={"currency": g.parts.settings.currency})


@blueprint.post("/products")
def create() -> Response:
    """Add a product."""
    values, errors = read(editing.fields, request.form, {})
    values = {"name": "", **values}
    tried = attempt(lambda: service.create(g.session, g.actor, CreateProduct(**values)), errors)
    if tried.errors:
        return form_page(editing, texts=_texts(), tried=tried)
    flash(_("%(name)s is added", name=tried.record.name), "success")
    return redirect_to(url_for("products.index"))


@blueprint.get("/products/<int:product_id>")
def show(product_id: int) -> Response:
    """A product: its form for those who may edit it, its facts for the others."""
    product = queries.get(g.session, g.actor, product_id)
    if g.actor.may("product", "edit"):
        return form_page(editing, texts=_texts(product), record=product, may_delete=g.actor.may("product", "delete"))
    return page("products/show.html", product=product, editing=editing, facts=visible(forms.FIELDS, g.actor, "product"))


@blueprint.post("/products/<int:product_id>")
def save(product_id: int) -> Response:
    """Save the form of a stored product."""
    values, errors = read(editing.fields, request.form, {})
    tried = attempt(lambda: _update(product_id, values, version_of(request.form)), errors)
    if tried.errors:
        record = editing.get(product_id)
        return form_page(editing, texts=_texts(record), record=record, tried=tried)
    flash(_("Saved"), "success")
    return redirect_to(url_for("products.index"))


@blueprint.post("/products/<int:product_id>/delete")
def delete(product_id: int) -> Response:
    """Delete a product."""
    service.delete(g.session, g.actor, product_id)
    flash(_("The product is deleted"), "success")
    return redirect_to(url_for("products.index"))


install_history(blueprint, editing, holder_words)
