"""The assistant: questions answered from records that the asker may open."""

from __future__ import annotations

from flask import url_for

from webapp.assistants.answer import opinions
from webapp.assistants.answer.api import api
from webapp.assistants.answer.views import bp
from webapp.kit.feature import Feature, NavItem, Slot
from webapp.kit.i18n import N_
from webapp.kit.outbox import Subscriber


def _panel(kind: str) -> Slot:
    def url(record_id: int) -> str:
        return url_for("answer.panel", kind=kind, record_id=record_id)

    return Slot(f"{kind}.aside", N_("Ask about this client"), url, order=5, entity=kind)


FEATURE = Feature(
    name="answer",
    blueprints=(bp,),
    apis=(api,),
    nav=(NavItem(N_("Assistant"), "answer.index", "sparkles", order=15),),
    subscribers=(Subscriber(opinions.SUBSCRIBER, opinions.AnswerJudged.type, opinions.tell),),
    slots=(_panel("organisation"), _panel("person")),
)
