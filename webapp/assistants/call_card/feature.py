"""The call card: from a recording to accepted records."""

from __future__ import annotations

from flask import Flask, url_for

from webapp.assistants.call_card import jobs
from webapp.assistants.call_card.api import api, of_communication
from webapp.assistants.call_card.views import bp
from webapp.crm.communications.api import offer_proposals
from webapp.kit.feature import Feature, Slot
from webapp.kit.i18n import N_
from webapp.kit.outbox import Subscriber


def _proposals_in_api(app: Flask) -> None:
    offer_proposals(app, of_communication)


def _panel_url(communication_id: int) -> str:
    return url_for("call_card.proposals", communication_id=communication_id)


def _waiting_url(_user_id: int) -> str:
    return url_for("call_card.waiting")


FEATURE = Feature(
    name="call_card",
    blueprints=(bp,),
    apis=(api,),
    subscribers=(
        Subscriber(jobs.TRANSCRIBE, "communication.received", jobs.transcribe, queue="speech"),
        Subscriber(jobs.UNDERSTAND, "communication.transcribed", jobs.understand, queue="ai"),
        Subscriber(jobs.FORGET, "communication.deleted", jobs.forget),
    ),
    slots=(
        Slot("communication.proposals", N_("Proposals"), _panel_url, order=10, entity="communication"),
        Slot("home.aside", N_("Calls to review"), _waiting_url, order=10, entity="communication"),
    ),
    install=(_proposals_in_api,),
)
