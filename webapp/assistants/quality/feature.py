"""The quality board, and the way of people's verdicts back to the models' log."""

from __future__ import annotations

from webapp.ai.proposals.store import RUN_JUDGED
from webapp.assistants.quality import jobs
from webapp.assistants.quality.api import api
from webapp.assistants.quality.views import bp
from webapp.kit.feature import Feature, NavItem
from webapp.kit.i18n import N_
from webapp.kit.outbox import Subscriber

FEATURE = Feature(
    name="quality",
    blueprints=(bp,),
    apis=(api,),
    subscribers=(Subscriber(jobs.VERDICTS, RUN_JUDGED, jobs.tell_verdicts),),
    settings_links=(NavItem(N_("Quality of AI"), "quality.index", "gauge", 34, "ai"),),
)
