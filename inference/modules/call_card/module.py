"""Runs the card of a call: reads it by code, asks the model, keeps what both can prove."""

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from appliance.contract.modules import Language, Speaker
from inference.modules.base import ModelClient
from inference.modules.call_card.budget import find_budget
from inference.modules.call_card.contacts import find_contacts
from inference.modules.call_card.findings import Call, Finding, proposal
from inference.modules.call_card.hosts import with_hosts
from inference.modules.call_card.merge import intent_of, sentiment_of, unsettled, with_model
from inference.modules.call_card.opinion import ask_model
from inference.modules.call_card.organisations import find_organisation
from inference.modules.call_card.people import find_person
from inference.modules.call_card.schema import Input, Output
from inference.modules.call_card.speakers import assign_speakers
from inference.modules.call_card.steps import find_deadline, find_steps
from inference.modules.call_card.summary import summarise
from inference.modules.call_card.transcript import Sentence, Transcript, build_turns, split_sentences
from inference.modules.call_card.wants import find_products
from inference.text.tokens import is_russian

ORDER = (
    "person", "organisation", "phone", "email", "intent", "product", "quantity", "budget", "currency", "next_step",
    "due", "sentiment",
)  # fmt: skip
BY_CURRENCY = {"RUB": ("RU",), "GBP": ("GB", "US"), "EUR": ("GB", "DE", "US"), "KZT": ("KZ", "RU")}
LEAST_SURE = 0.4


async def run(request: Input, models: ModelClient) -> Output:
    """The card of one call."""
    call, sentences, roles = read(request)
    findings = collect(call)
    view = await ask_model(call, models, unsettled(call, findings))
    findings = with_model(call, findings, view)
    findings += intent_of(call, view) + sentiment_of(call, view)
    findings = unique(findings)
    sentences_out = summarise(call, findings, view)
    proposals = [proposal(finding, call.transcript) for finding in findings if finding.confidence >= LEAST_SURE]
    return Output(
        language=call.language,
        summary=" ".join(sentence.text for sentence in sentences_out),
        summary_sentences=sentences_out,
        speakers=roles,
        segment_speakers=_by_segment(call, sentences),
        proposals=[item for item in proposals if item is not None],
    )


def read(request: Input) -> tuple[Call, list[Sentence], dict[str, Speaker]]:
    """The call with its speakers told apart; sentences that speak to a machine are left out of its turns."""
    transcript = Transcript(request.communication.segments)
    request = with_hosts(request)
    sentences, roles = assign_speakers(split_sentences(transcript, _names(request)), request)
    russian = is_russian(transcript.text) if transcript.text.strip() else request.communication.language == "ru"
    language: Language = "ru" if russian else "en"
    turns = build_turns([sentence for sentence in sentences if not sentence.instruction])
    now = request.communication.occurred_at.astimezone(ZoneInfo(request.timezone))
    call = Call(request, transcript, turns, language, now, _regions(request, language))
    return call, sentences, roles


def _names(request: Input) -> list[str]:
    """The names of the CRM that may be said in a call."""
    people = [*(person.name for person in request.people), *(person.name for person in request.colleagues)]
    return [*people, *(organisation.name for organisation in request.organisations), request.company.name]


def _regions(request: Input, language: str) -> tuple[str, ...]:
    """Whose telephone numbers to expect, the likeliest first."""
    local = BY_CURRENCY.get(request.currency, ("US", "GB"))
    if language == "ru":
        return tuple(dict.fromkeys((*local, "RU", "KZ", "US")))
    return tuple(dict.fromkeys((*(local if local != ("RU",) else ()), "US", "GB", "RU")))


def collect(call: Call) -> list[Finding]:
    """Everything that code alone finds."""
    products = find_products(call)
    group = 1 + max((finding.group or 0 for finding in products), default=0)
    steps = find_steps(call, group)
    findings = [
        *find_person(call),
        *find_organisation(call),
        *find_contacts(call),
        *products,
        *find_budget(call),
        *steps,
    ]
    if not any(finding.field == "due" for finding in steps):
        last = max((finding.group or 0 for finding in steps), default=group - 1)
        findings += find_deadline(call, last + 1)
    return findings


def unique(findings: Sequence[Finding]) -> list[Finding]:
    """Each value once: the surest saying of it, in the order of the card."""
    best: dict[tuple[str, str, int | None], Finding] = {}
    for finding in findings:
        group = finding.group if finding.field in {"quantity", "due"} else None
        key = (finding.field, str(finding.value), group)
        if key not in best or finding.confidence > best[key].confidence:
            best[key] = finding if key not in best else replace(finding, group=best[key].group)
    return sorted(best.values(), key=lambda finding: (ORDER.index(finding.field), finding.group or 0, finding.start))


def _by_segment(call: Call, sentences: Sequence[Sentence]) -> list[Speaker]:
    """Who says most of each segment."""
    speakers: list[Speaker] = []
    for position, segment in enumerate(call.transcript.segments):
        lengths: dict[Speaker, int] = {}
        for sentence in sentences:
            if sentence.segment == position:
                lengths[sentence.speaker] = lengths.get(sentence.speaker, 0) + len(sentence.text)
        speakers.append(max(lengths, key=lambda name: lengths[name]) if lengths else segment.speaker)
    return speakers
