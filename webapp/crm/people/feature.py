"""People as a feature of the product."""

from __future__ import annotations

from flask import url_for

from webapp.crm.people import api, queries, views
from webapp.kit.feature import Feature, NavItem, Slot
from webapp.kit.i18n import N_
from webapp.kit.searchable import SearchSource


def _of_organisation(organisation_id: int) -> str:
    return url_for("people.of_organisation", organisation_id=organisation_id)


FEATURE = Feature(
    name="people",
    blueprints=(views.blueprint,),
    apis=(api.blueprint,),
    nav=(NavItem(N_("People"), "people.index", "users", 20, "person"),),
    search=SearchSource(
        entity="person",
        label=N_("Person"),
        icon="user",
        visible_ids=queries.visible_ids,
        url=lambda record_id: url_for("people.show", person_id=record_id),
    ),
    slots=(Slot("organisation.aside", N_("People"), _of_organisation, order=10, entity="person"),),
)
