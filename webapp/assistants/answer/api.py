"""The assistant in the API."""

from __future__ import annotations

from flask import Response, g, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from appliance.contract import search as contract
from webapp.assistants.answer import service, why
from webapp.kit import changes
from webapp.kit.db import transaction

api = APIBlueprint("assistant_api", __name__, abp_tags=[Tag(name="assistant")])


class AnswerPath(BaseModel):
    """Which answer, by its run."""

    run_id: str = Field(max_length=64)


@api.get("/assistant/answers/<run_id>/why")
def why_answer(path: AnswerPath) -> Response:
    """Why an answer says what it says: the run, its versions and times, and the sources; for who asked."""
    return jsonify(why.of_answer(g.session, g.actor, g.parts.gateway, g.parts.sources, path.run_id).as_json())


@api.post("/assistant/ask", responses={200: contract.Answer})
def ask_assistant(body: contract.Question) -> Response:
    """Answer a question from records that the asker may see, each claim with its source."""
    prepared = service.prepare(g.session, g.actor, g.parts, body.question, service.read_client(body.client_id))
    # The model may take a minute: what was written is kept now, and no transaction waits for it.
    g.session.commit()
    result = g.parts.gateway.run(service.MODULE, ("user", g.actor.id), prepared.value(), actor=g.actor.id)
    answer = service.understood(prepared, g.parts.sources, result)
    with transaction(g.parts.sessions) as session:
        changes.begin(session, g.actor, request_id=g.request_id)
        service.remember(session, g.actor, answer)
    fields = ("type", "id", "quote", "title", "url", "second", "page")
    citations = [contract.AnswerCitation(**{name: getattr(c, name) for name in fields}) for c in answer.citations]
    shown = contract.Answer(
        answer=answer.answer, answered=answer.answered, citations=citations, degraded=prepared.degraded
    )
    return jsonify(shown.model_dump(mode="json"))
