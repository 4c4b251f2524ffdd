"""Quality in the API."""

from __future__ import annotations

from typing import Any

from flask import Response, g, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from webapp.ai.gateway import ModelUnavailable
from webapp.assistants.quality import forms, service

api = APIBlueprint("quality_api", __name__, abp_tags=[Tag(name="quality")])


class QualityQuery(BaseModel):
    """Which days (UTC, both ends belong to it) and which module; without days the last thirty."""

    since: str = Field(default="", description="first day, YYYY-MM-DD")
    until: str = Field(default="", description="last day, YYYY-MM-DD")
    module: str = Field(default="", max_length=64)


class Quality(BaseModel):
    """How modules did: rows by version and day, sums by module and by version, and fields by what people decided."""

    since: str
    until: str
    items: list[dict[str, Any]]
    totals: list[dict[str, Any]]
    versions: list[dict[str, Any]]
    fields: list[dict[str, Any]]


@api.get("/quality", responses={200: Quality})
def get_quality(query: QualityQuery) -> Response:
    """How the AI modules did: acceptance, edit distance, rejects and undos, abstention, latency, cost, tokens."""
    found = service.board(g.session, g.actor, g.parts.gateway, forms.read(query.model_dump()))
    if found.away:
        raise ModelUnavailable
    return jsonify(Quality(**service.as_json(found)).model_dump(mode="json"))
