"""Control over AI, for administrators."""

from __future__ import annotations

from webapp.assistants.control.api import api
from webapp.assistants.control.views import bp
from webapp.kit.feature import Feature, NavItem
from webapp.kit.i18n import N_

FEATURE = Feature(
    name="control",
    blueprints=(bp,),
    apis=(api,),
    settings_links=(
        NavItem(N_("AI on this server"), "control.index", "cpu", 32, "ai"),
        NavItem(N_("Log of AI runs"), "control.runs", "activity", 36, "run"),
    ),
)
