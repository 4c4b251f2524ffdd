"""Why an answer says what it says: its run and its sources, told to the one who asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.ai import why
from webapp.ai.proposals import store
from webapp.ai.proposals.models import Run
from webapp.ai.search.models import Chunk
from webapp.ai.search.scope import allowed
from webapp.assistants.answer.sources import address
from webapp.kit.access import Actor
from webapp.kit.errors import NotFound
from webapp.kit.i18n import _
from webapp.kit.searchable import SearchSource

Kinds = Mapping[str, SearchSource]


def of_answer(session: Session, actor: Actor, gateway: why.RunLog, kinds: Kinds, run_id: str) -> why.Why:
    """Why an answer; NotFound unless the actor has asked the question."""
    run = store.run(session, run_id)
    if run is None or run.subject_type != "user" or run.subject_id != actor.id:
        raise NotFound
    log = why.read_log(gateway, run.id)
    grounds = [_ground(session, actor, kinds, log, cited) for cited in run.cited or ()]
    return why.tell(actor, run, log, grounds or _none(run), asked_by=actor.name, subject=_("Assistant"))


def _none(run: Run) -> list[why.Ground]:
    """What is said of an answer without sources."""
    known = run.cited is not None
    said = _("No record that you may open answers this, so nothing was claimed.") if known else ""
    return [why.Ground(_("Sources"), note=said)] if said else []


def _ground(session: Session, actor: Actor, kinds: Kinds, log: why.Log, cited: Mapping[str, Any]) -> why.Ground:
    """One source. Rights may have changed since: a record that is closed now says nothing any more."""
    entity, record_id = str(cited["type"]), int(cited["id"])
    label = _("Source %(n)s", n=cited["n"])
    title = _title(session, actor, kinds, entity, record_id)
    if title is None:
        return why.Ground(label, note=_("The record is gone, or you may not open it any more."))
    feature = log.feature(int(cited["n"]) - 1)
    quote = str(feature.get("quote") or "")
    if actor.hidden_fields(entity) and not _title(session, actor, kinds, entity, record_id, holding=quote):
        quote = ""
    return why.Ground(
        label=label,
        display=title,
        quote=quote,
        second=cited.get("second"),
        url=address(kinds, entity, record_id, cited.get("second"), cited.get("page")),
        confidence=feature.get("confidence"),
        parts=why.parts(feature.get("contributions") or {}),
    )


def _title(
    session: Session, actor: Actor, kinds: Kinds, entity: str, record_id: int, *, holding: str = ""
) -> str | None:
    """What a record is called, None when the actor may not see it (or none of its visible pieces holds the words)."""
    statement = select(Chunk.title).where(Chunk.entity == entity, Chunk.entity_id == record_id)
    statement = statement.where(allowed(actor, kinds, kinds=[entity]))
    if holding:
        statement = statement.where(Chunk.body.contains(holding, autoescape=True))
    return session.scalar(statement.limit(1))
