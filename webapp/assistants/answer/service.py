"""Asking: what the model is given, what it answered, and the traces that both leave."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy.orm import Session

from webapp.ai.gateway import Gateway
from webapp.ai.proposals.models import Run
from webapp.ai.search.vectors import question_vector
from webapp.ai.switches import switches
from webapp.assistants.answer import facts
from webapp.assistants.answer.facts import Client
from webapp.assistants.answer.reading import Asked, collect
from webapp.assistants.answer.sources import Cited, Source, cited, passages
from webapp.kit import changes
from webapp.kit.access import Actor
from webapp.kit.errors import Invalid, NotFound
from webapp.kit.i18n import N_, current_locale, use_locale
from webapp.kit.searchable import SearchSource

MODULE = "answer"
LONGEST_QUESTION = 2000
KEPT = ("n", "type", "id", "second", "page")  # of a citation: where it leads, not what it says
CLIENT_KINDS = ("organisation", "person")


class Parts(Protocol):
    """The parts of the program that asking needs."""

    @property
    def gateway(self) -> Gateway:
        """The door to the models."""

    @property
    def sources(self) -> Mapping[str, SearchSource]:
        """What can be searched, by entity."""


@dataclass(frozen=True)
class Prepared:
    """A question ready for the model: the passages, and whether meaning could be searched beside words."""

    question: str
    client: Client | None
    sources: tuple[Source, ...]
    degraded: bool

    def value(self) -> dict[str, Any]:
        """The input of the module."""
        return {"question": self.question, "locale": current_locale(), "passages": passages(self.sources)}


@dataclass(frozen=True)
class Answered:
    """What came back: the answer with its numbered citations, or a refusal."""

    answered: bool
    answer: str
    citations: tuple[Cited, ...] = ()
    run: Mapping[str, Any] = field(default_factory=dict)


def read_client(text: str) -> Client | None:
    """A client named like person:5 or organisation:7; None when nothing is named; raises Invalid for anything else."""
    if not text.strip():
        return None
    kind, _colon, number = text.strip().partition(":")
    if kind not in CLIENT_KINDS or not number.isdecimal() or len(number) > 9:
        raise Invalid({"client_id": N_("Name a client as person:ID or organisation:ID")})
    return kind, int(number)


def language_of(question: str) -> str:
    """The locale in which a question is asked, by its letters; the person's own when it has none."""
    letters = question.lower()
    if re.search("[а-яё]", letters):
        return "ru"
    return "en" if re.search("[a-z]", letters) else current_locale()


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Tell things in another language for a while."""
    before = current_locale()
    use_locale(locale)
    try:
        yield
    finally:
        use_locale(before)


def prepare(
    session: Session,
    actor: Actor,
    parts: Parts,
    question: str,
    client: Client | None = None,
) -> Prepared:
    """Read the question and find its passages within the actor's rights; the audit says what the model will read."""
    switches(parts.gateway).require(MODULE)
    asked = " ".join(question.replace("\x00", " ").split())
    if not asked:
        raise Invalid({"question": N_("Ask a question first")})
    if len(asked) > LONGEST_QUESTION:
        raise Invalid({"question": N_("This question is too long")})
    if client is not None and not facts.is_visible(session, actor, client):
        raise NotFound
    vector = question_vector(session, parts.gateway, asked)
    with speaking(language_of(asked)):  # facts are told in the language of the question
        sources = tuple(collect(session, actor, parts.sources, Asked(asked, client, vector)))
    about = {"client": f"{client[0]}:{client[1]}"} if client else {}
    changes.record(session, "ai.asked", "assistant", None, given=sorted({s.key for s in sources}), **about)
    return Prepared(asked, client, sources, degraded=vector is None)


def understood(prepared: Prepared, kinds: Mapping[str, SearchSource], result: Mapping[str, Any]) -> Answered:
    """The module's result with each citation tied to its record; an answer without a citation is no answer."""
    output = result.get("output", {})
    found = tuple(cited(output.get("citations", ()), prepared.sources, kinds))
    answered = bool(output.get("answered")) and bool(found)
    return Answered(answered, str(output.get("answer", "")), found if answered else (), result.get("run", {}))


def remember(session: Session, actor: Actor, answer: Answered) -> None:
    """Keep the run and which records were cited (ids alone)."""
    run = answer.run
    if run.get("id"):
        session.merge(
            Run(
                id=str(run["id"]),
                subject_type="user",
                subject_id=actor.id or 0,
                module=str(run.get("module", MODULE)),
                module_version=str(run.get("module_version", "")),
                prompt_version=str(run.get("prompt_version") or ""),
                prompt_hash=str(run.get("prompt_hash") or ""),
                model=str(run.get("model") or ""),
                duration_ms=int(run.get("duration_ms") or 0),
                prompt_tokens=int(run.get("prompt_tokens") or 0),
                completion_tokens=int(run.get("completion_tokens") or 0),
                asked_by=actor.id,
                cited=[
                    {name: getattr(c, name) for name in ("n", "type", "id", "second", "page")} for c in answer.citations
                ],
            )
        )
    keys = sorted({f"{c.type}:{c.id}" for c in answer.citations})
    changes.record(session, "ai.answered", "run", run.get("id"), answered=answer.answered, cited=keys)


def nearest(sources: Sequence[Source], most: int = 3) -> list[Source]:
    """The records closest to a question that could not be answered, each once."""
    return list({source.key: source for source in reversed(sources)}.values())[::-1][:most]
