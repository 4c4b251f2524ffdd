"""The audit room, for the security officer."""

from __future__ import annotations

from webapp.crm.audit.views import blueprint
from webapp.kit.feature import Feature, NavItem
from webapp.kit.i18n import N_

FEATURE = Feature(
    name="audit",
    blueprints=(blueprint,),
    settings_links=(NavItem(N_("Audit room"), "audit.index", "fingerprint", 40, "audit"),),
)
