"""How a communication is shown: who is heard in each utterance, what it belongs to, and what it was about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from webapp.crm.communications.models import Communication, Segment
from webapp.kit.i18n import N_, _, gettext
from webapp.web.page import optional_url

INTENTS = {
    "purchase": N_("Wants to buy"),
    "quote_request": N_("Asks for an offer"),
    "support": N_("Needs help"),
    "complaint": N_("Complains"),
    "renewal": N_("Wants to renew"),
    "cancellation": N_("Wants to cancel"),
    "information": N_("Asks for information"),
    "meeting": N_("Wants a meeting"),
    "delivery": N_("Asks about a delivery"),
    "payment": N_("Asks about a payment"),
    "other": N_("Something else"),
}


def intent_label(intent: str | None) -> str:
    """What the client wanted, in words; empty when it is not known."""
    return gettext(INTENTS[intent]) if intent in INTENTS else intent or ""


def links_to(call: Communication) -> dict[str, Markup | None]:
    """Links to person, organisation and deal, None where there is none that the actor may see."""
    person, organisation = call.person, call.organisation
    return {
        "person": _link("people.show", person.full_name, person_id=person.id) if person else None,
        "organisation": _link("organisations.show", organisation.name, organisation_id=organisation.id)
        if organisation
        else None,
        "deal": _link("deals.show", _("Open the deal"), deal_id=call.deal_id) if call.deal_id else None,
    }


def _link(endpoint: str, label: str, **values: Any) -> Markup | None:
    url = optional_url(endpoint, **values)
    return Markup('<a href="{}">{}</a>').format(url, label) if url else None


def segments_of(segments: Sequence[Segment]) -> list[dict[str, Any]]:
    """Utterances for player and transcript; a speaker who is not known yet is named by the channel."""
    return [
        {
            "start": segment.start,
            "end": segment.end,
            "text": segment.text,
            "words": segment.words,
            "speaker": _speaker(segment),
        }
        for segment in segments
    ]


def _speaker(segment: Segment) -> str:
    if segment.speaker == "unknown" and segment.channel is not None:
        return f"channel-{segment.channel}"
    return segment.speaker


def voices_of(call: Communication, segments: Sequence[dict[str, Any]]) -> dict[str, tuple[str, int]]:
    """The voices that are heard: key of the segments to name and tone."""
    names = {
        "colleague": (_("We"), 0),
        "client": (call.person.full_name if call.person else _("Client"), 1),
        "channel-0": (_("Channel %(number)s", number=1), 0),
        "channel-1": (_("Channel %(number)s", number=2), 1),
    }
    heard = {segment["speaker"] for segment in segments}
    return {key: name for key, name in names.items() if key in heard}
