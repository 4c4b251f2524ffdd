"""A recording becomes a transcript, a transcript becomes a card: the two steps behind an upload.

Each step reads what it needs, lets go of the database, asks the model, and writes its effect together with the mark
that it took the event. A step that is killed at any point is run again; one that took effect finds its mark and stops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy.orm import Session

from appliance.settings import WebSettings
from webapp.ai.gateway import BadOutput, BadRecording, FeatureOff, Gateway, ModelBusy, ModelUnavailable
from webapp.ai.proposals import store
from webapp.ai.search.indexing import replace_parts
from webapp.ai.switches import switches
from webapp.assistants.call_card import facts
from webapp.crm.communications import messages, queries, service
from webapp.crm.communications.models import Communication, Segment
from webapp.kit import changes
from webapp.kit.i18n import N_
from webapp.kit.jobs import AnotherTurn, WaitForPart, Work, mark_delivered
from webapp.kit.outbox import OutboxEvent, emit
from webapp.kit.searchable import SearchPart

log = structlog.get_logger()
TRANSCRIBE = "call_card.transcribe"
UNDERSTAND = "call_card.understand"
FORGET = "call_card.forget"
PIECE_CHARACTERS = 600
BROKEN = N_("Something went wrong on the server. The administrator sees the reason in the log.")
MODEL_FAILS = N_("The model is running but cannot process this call.")
UNUSABLE = N_("The language model gave an answer that could not be used. The transcript is complete.")
READING_OFF = N_(
    "The reading of calls is switched off on this server. The transcript is complete; "
    "the call can be read as soon as it is on again."
)
TRANSCRIPTION_OFF = N_(
    "Transcription is switched off on this server. The recording is kept; try again as soon as it is on again."
)
FEATURES = {TRANSCRIBE: "transcription", UNDERSTAND: "call_card"}
FILE_GONE = N_("The recording is not on this server any more")


def transcribe(work: Work, event: OutboxEvent) -> None:
    """Let the speech model write down what is said."""
    settings: WebSettings = work.parts["settings"]
    gateway: Gateway = work.parts["gateway"]
    with work.transaction() as session:
        call = queries.for_job(session, event.data["communication_id"])
        recording = queries.recording_of(session, call) if call else None
        if call is None or recording is None or call.state != "received":
            mark_delivered(session, event.id, TRANSCRIBE)
            return
        actor = facts.uploader(session, call.owner_id)
        words = facts.hot_words(session, actor, call)
        begun = queries.pieces(session, call.id)
        _say_begun(work, session, call, "speech", messages.TRANSCRIBING)
    path = settings.recordings_dir / recording.sha256

    def ask() -> dict[str, Any]:
        if not path.is_file():
            raise BadRecording(FILE_GONE)
        return gateway.transcribe(
            path,
            filename=recording.filename,
            hotwords=words,
            language=next((one.heard["language"] for one in begun if one.heard.get("language")), None),
            max_minutes=settings.recording_max_minutes,
            start=begun[-1].end if begun else 0.0,
            piece_seconds=settings.speech_piece_seconds,
            actor=actor.id,
        )

    def keep(session: Session, call: Communication, result: dict[str, Any]) -> None:
        pieces = service.store_transcript(session, call, service.joined(queries.pieces(session, call.id), result))
        replace_parts(session, "communication", call.id, call.search_title(), _parts(pieces), field="transcript")
        changes.record(session, "ai.transcribed", "communication", call.id, segments=len(pieces))

    _step(work, event, TRANSCRIBE, ask, keep)


def understand(work: Work, event: OutboxEvent) -> None:
    """Let the language model find what was agreed, and keep its proposals."""
    settings: WebSettings = work.parts["settings"]
    gateway: Gateway = work.parts["gateway"]
    with work.transaction() as session:
        call = queries.for_job(session, event.data["communication_id"], lock=True)
        if call is None or call.state != "transcribed":
            mark_delivered(session, event.id, UNDERSTAND)
            return
        pieces = queries.segments(session, call.id)
        if not pieces or call.language not in facts.SUPPORTED:
            if mark_delivered(session, event.id, UNDERSTAND):
                _nothing_to_do(session, call, messages.OTHER_LANGUAGE if pieces else messages.NO_SPEECH)
            return
        actor = facts.uploader(session, call.owner_id)
        value = facts.of_call(session, actor, call, pieces, settings)
        _say_begun(work, session, call, "chat", messages.UNDERSTANDING)
    call_id = event.data["communication_id"]

    def ask() -> dict[str, Any]:
        return gateway.run("call_card", ("communication", call_id), value, actor=actor.id)

    def keep(session: Session, call: Communication, result: dict[str, Any]) -> None:
        _keep_card(session, call, result, actor.id)

    _step(work, event, UNDERSTAND, ask, keep)


def _step(
    work: Work,
    event: OutboxEvent,
    name: str,
    ask: Callable[[], dict[str, Any]],
    keep: Callable[[Session, Communication, dict[str, Any]], None],
) -> None:
    """Ask a model, then write its answer and the mark of the event in one transaction."""
    call_id = event.data["communication_id"]
    try:
        switches(work.parts["gateway"]).require(FEATURES[name])  # the gateway would say the same, without being asked
        result = ask()
    except FeatureOff:
        _leave_out(work, event, name)
        return
    except ModelUnavailable as error:
        _wait_or_fail(work, event, name, error)
        return
    except (BadRecording, BadOutput) as error:
        said = UNUSABLE if isinstance(error, BadOutput) else error.detail or str(error)
        _fail(work, event, name, said)
        return
    except Exception:
        if work.last_attempt:
            _fail(work, event, name, BROKEN)
        raise
    waited_for = "received" if name == TRANSCRIBE else "transcribed"
    with work.transaction() as session:
        call = queries.for_job(session, call_id, lock=True)
        if call is None or call.state != waited_for or result.get("next") is None:
            if mark_delivered(session, event.id, name) and call is not None and call.state == waited_for:
                keep(session, call, result)
            return
        service.store_piece(session, call, result)
    # Whoever has been heard least has the next turn: a short call waits for one piece of a long one, not for all of it.
    raise AnotherTurn(-max(1, int(result["next"] // 60)))


def _leave_out(work: Work, event: OutboxEvent, name: str) -> None:
    """The step is switched off: the call keeps what it has, and says so."""
    if name == TRANSCRIBE:
        _fail(work, event, name, TRANSCRIPTION_OFF)
        return
    with work.transaction() as session:
        call = queries.for_job(session, event.data["communication_id"], lock=True)
        if mark_delivered(session, event.id, name) and call is not None:
            _nothing_to_do(session, call, READING_OFF)


def _say_begun(work: Work, session: Session, call: Communication, engine: str, detail: str) -> None:
    """Say that a step has begun; a call that waits for a model goes on saying so until that model is back."""
    if call.state_detail not in messages.WAITING or _engine_state(work, engine) == "ready":
        service.say(session, call.id, detail)


def _engine_state(work: Work, engine: str) -> str:
    """What the gateway says of an engine; empty when it does not answer."""
    return str(work.parts["gateway"].state().get("engines", {}).get(engine, {}).get("state", ""))


def _wait_or_fail(work: Work, event: OutboxEvent, name: str, error: ModelUnavailable) -> None:
    """Wait for a model that is away, as long as it takes; one that is there and cannot do it counts as a failure."""
    engine = "speech" if name == TRANSCRIBE else "chat"
    if not isinstance(error, ModelBusy) and _engine_state(work, engine) == "ready":
        if work.last_attempt:
            _fail(work, event, name, error.detail or MODEL_FAILS)
            return
        raise error
    waiting = messages.WAITING_FOR_SPEECH if name == TRANSCRIBE else messages.WAITING_FOR_CHAT
    with work.transaction() as session:
        service.say(session, event.data["communication_id"], waiting)
    raise WaitForPart(waiting) from error


def _fail(work: Work, event: OutboxEvent, name: str, said: str) -> None:
    with work.transaction() as session:
        call = queries.for_job(session, event.data["communication_id"], lock=True)
        if mark_delivered(session, event.id, name) and call is not None:
            service.fail(session, call, said)
    log.warning("call.failed", communication_id=event.data["communication_id"], step=name)


def _nothing_to_do(session: Session, call: Communication, detail: str) -> None:
    service.finish(session, call, detail)
    emit(session, messages.CommunicationUnderstood(call.id, 0))


def _keep_card(session: Session, call: Communication, result: dict[str, Any], actor_id: int | None) -> None:
    """Keep summary, speakers and proposals of a run."""
    output = result["output"]
    run = store.keep_run(session, ("communication", call.id), result["run"], actor_id)
    call.run_id = run.id
    call.summary = str(output.get("summary") or "").strip()
    call.summary_points = [
        {"text": point["text"], "quote": point["quote"], "second": point["second"]}
        for point in output.get("summary_sentences", [])
        if str(point.get("quote", "")).strip()
    ]
    if "speakers" not in call.human_fields:
        pieces = queries.segments(session, call.id)
        service.name_speakers(pieces, output.get("speakers", {}), output.get("segment_speakers", []))
    kept = store.keep_proposals(session, run, output.get("proposals", []))
    call.to_review = len(kept)
    changes.record(
        session, "ai.run", "communication", call.id, run=run.id, module=run.module, version=run.module_version,
        model=run.model, proposals=len(kept),
    )  # fmt: skip
    service.finish(session, call, "" if kept else messages.NO_PROPOSALS)
    emit(session, messages.CommunicationUnderstood(call.id, len(kept)))


def _parts(pieces: list[Segment]) -> list[SearchPart]:
    """The transcript in findable pieces of neighbouring utterances, each with the second at which it starts."""
    parts: list[SearchPart] = []
    text, start = "", 0.0
    for piece in pieces:
        if text and len(text) + len(piece.text) > PIECE_CHARACTERS:
            parts.append(SearchPart("transcript", text, second=start))
            text = ""
        start = start if text else piece.start
        text = f"{text} {piece.text}".strip()
    return [*parts, SearchPart("transcript", text, second=start)] if text else parts


def forget(work: Work, event: OutboxEvent) -> None:
    """A communication is gone: its proposals and runs go too."""
    with work.transaction() as session:
        if mark_delivered(session, event.id, FORGET):
            store.forget(session, ("communication", event.data["communication_id"]))
