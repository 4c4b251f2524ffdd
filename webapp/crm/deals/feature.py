"""Deals as a feature of the product."""

from __future__ import annotations

from flask import url_for

from webapp.crm.deals import api, queries, views
from webapp.kit.feature import Feature, NavItem, Slot
from webapp.kit.i18n import N_
from webapp.kit.searchable import SearchSource


def _of_organisation(organisation_id: int) -> str:
    return url_for("deals.of_organisation", organisation_id=organisation_id)


def _of_person(person_id: int) -> str:
    return url_for("deals.of_person", person_id=person_id)


FEATURE = Feature(
    name="deals",
    blueprints=(views.blueprint,),
    apis=(api.blueprint,),
    nav=(NavItem(N_("Deals"), "deals.board", "kanban", 40, "deal"),),
    search=SearchSource(
        entity="deal",
        label=N_("Deal"),
        icon="kanban",
        visible_ids=queries.visible_ids,
        url=lambda record_id: url_for("deals.show", deal_id=record_id),
    ),
    slots=(
        Slot("organisation.aside", N_("Deals"), _of_organisation, order=20, entity="deal"),
        Slot("person.aside", N_("Deals"), _of_person, order=20, entity="deal"),
    ),
)
