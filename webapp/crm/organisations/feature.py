"""Organisations as a feature of the product."""

from __future__ import annotations

from typing import Any

from flask import g, url_for

from webapp.crm.organisations import api, queries, views
from webapp.kit.access import Level
from webapp.kit.cleaning import show_phone, show_plain
from webapp.kit.feature import Feature, NavItem
from webapp.kit.i18n import N_
from webapp.kit.searchable import SearchSource


def _can_write(entity: str, field: str) -> bool:
    return g.actor is not None and g.actor.level(entity, field) is Level.WRITE


def _install(app: Any) -> None:
    """Give templates what the pages of records need."""
    app.jinja_env.filters["phone"] = show_phone
    app.jinja_env.filters["plain"] = show_plain
    app.jinja_env.globals["can_write"] = _can_write


FEATURE = Feature(
    name="organisations",
    blueprints=(views.blueprint,),
    apis=(api.blueprint,),
    nav=(NavItem(N_("Organisations"), "organisations.index", "building-2", 30, "organisation"),),
    search=SearchSource(
        entity="organisation",
        label=N_("Organisation"),
        icon="building-2",
        visible_ids=queries.visible_ids,
        url=lambda record_id: url_for("organisations.show", organisation_id=record_id),
    ),
    install=(_install,),
)
