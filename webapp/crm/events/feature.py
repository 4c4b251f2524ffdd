"""Events that could not be delivered, for administrators."""

from __future__ import annotations

from webapp.crm.events.api import api
from webapp.crm.events.views import blueprint
from webapp.kit.feature import Feature, NavItem
from webapp.kit.i18n import N_

FEATURE = Feature(
    name="events",
    blueprints=(blueprint,),
    apis=(api,),
    settings_links=(NavItem(N_("Dead letters"), "events.index", "inbox", 60, "job"),),
)
