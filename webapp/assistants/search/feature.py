"""Searching everything."""

from __future__ import annotations

from webapp.assistants.search.api import api
from webapp.assistants.search.views import bp
from webapp.kit.feature import Feature, NavItem
from webapp.kit.i18n import N_

FEATURE = Feature(
    name="search",
    blueprints=(bp,),
    apis=(api,),
    nav=(NavItem(N_("Search"), "search.index", "search", order=12),),
)
