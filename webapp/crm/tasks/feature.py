"""Tasks and the home page as a feature of the product."""

from __future__ import annotations

from flask import url_for

from webapp.crm.tasks import api, queries, views
from webapp.kit.feature import Feature, NavItem, Slot
from webapp.kit.i18n import N_
from webapp.kit.searchable import SearchSource


def _of_organisation(organisation_id: int) -> str:
    return url_for("tasks.of_organisation", organisation_id=organisation_id)


def _of_person(person_id: int) -> str:
    return url_for("tasks.of_person", person_id=person_id)


def _of_deal(deal_id: int) -> str:
    return url_for("tasks.of_deal", deal_id=deal_id)


FEATURE = Feature(
    name="tasks",
    blueprints=(views.front, views.blueprint),
    apis=(api.blueprint,),
    nav=(
        NavItem(N_("My day"), "home.home", "house", 10),
        NavItem(N_("Tasks"), "tasks.index", "square-check-big", 50, "task"),
    ),
    search=SearchSource(
        entity="task",
        label=N_("Task"),
        icon="square-check-big",
        visible_ids=queries.visible_ids,
        url=lambda record_id: url_for("tasks.show", task_id=record_id),
    ),
    slots=(
        Slot("organisation.aside", N_("Tasks"), _of_organisation, order=15, entity="task"),
        Slot("person.aside", N_("Tasks"), _of_person, order=15, entity="task"),
        Slot("deal.aside", N_("Tasks"), _of_deal, order=15, entity="task"),
    ),
)
