"""Communications: what was said and written with clients."""

from __future__ import annotations

from typing import Any

from flask import Flask, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from webapp.crm.communications.api import api
from webapp.crm.communications.jobs import SUBSCRIBERS
from webapp.crm.communications.queries import visible_ids
from webapp.crm.communications.views import bp, over_limit
from webapp.kit.feature import Feature, NavItem, Slot
from webapp.kit.i18n import N_
from webapp.kit.searchable import SearchSource


def name_the_limit(app: Flask) -> None:
    """Uploads over the limit are answered with the limit and its setting."""
    app.register_error_handler(RequestEntityTooLarge, over_limit)


def _slot(entity: str) -> Slot:
    def url(record_id: int) -> str:
        place: dict[str, Any] = {f"{entity}_id": record_id}
        return url_for("communications.timeline", **place)

    return Slot(f"{entity}.timeline", N_("Timeline"), url, order=10, entity="communication")


FEATURE = Feature(
    name="communications",
    blueprints=(bp,),
    apis=(api,),
    subscribers=SUBSCRIBERS,
    nav=(NavItem(N_("Calls and notes"), "communications.index", "audio-lines", order=50, entity="communication"),),
    search=SearchSource(
        entity="communication",
        label=N_("Calls and notes"),
        icon="audio-lines",
        visible_ids=visible_ids,
        url=lambda communication_id: url_for("communications.show", communication_id=communication_id),
    ),
    slots=tuple(_slot(entity) for entity in ("person", "organisation", "deal")),
    install=(name_the_limit,),
)
