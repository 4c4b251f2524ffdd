"""Control over AI in the API."""

from __future__ import annotations

from typing import Any

from flask import Response, g, jsonify
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field

from webapp.ai.gateway import ModelUnavailable
from webapp.assistants.control import service

api = APIBlueprint("control_api", __name__, abp_tags=[Tag(name="ai")])


class FeaturePath(BaseModel):
    """Which feature."""

    feature: str = Field(max_length=64)


class PromptPath(BaseModel):
    """Which module's prompt."""

    module: str = Field(max_length=64)


class Switch(BaseModel):
    """How a feature shall stand; to switch off needs a reason, which people are shown."""

    model_config = ConfigDict(extra="forbid")

    on: bool
    reason: str = Field(default="", max_length=200)


class Pin(BaseModel):
    """The version that shall answer; null takes the pin away."""

    model_config = ConfigDict(extra="forbid")

    version: str | None


class Present(BaseModel):
    """Engines, switches and prompts as they stand."""

    engines: dict[str, dict[str, Any]]
    features: list[dict[str, Any]]
    prompts: list[dict[str, Any]]


def _present() -> Response:
    found = service.present(g.session, g.actor, g.parts.gateway)
    if found.away:
        raise ModelUnavailable
    engines = {name: dict(engine) for name, engine in found.engines.items()}
    told = Present(engines=engines, features=found.features, prompts=found.prompts)
    return jsonify(told.model_dump(mode="json"))


@api.get("/ai", responses={200: Present})
def get_ai() -> Response:
    """Which engines are there, which features are on, and which version of each prompt answers."""
    return _present()


@api.put("/ai/features/<feature>", responses={200: Present})
def put_feature(path: FeaturePath, body: Switch) -> Response:
    """Switch a feature on or off for everybody."""
    service.switch(g.session, g.actor, g.parts.gateway, path.feature, on=body.on, reason=body.reason)
    return _present()


@api.put("/ai/prompts/<module>", responses={200: Present})
def put_prompt(path: PromptPath, body: Pin) -> Response:
    """Pin a version of a module's prompt, or take the pin away."""
    service.pin(g.session, g.actor, g.parts.gateway, path.module, body.version)
    return _present()
