"""The ways to run a case: the module's code alone, the module in a gateway, or the same model asked bare."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from inference.modules.bare import bare_messages, bare_output, bare_schema
from inference.modules.base import ModelError, Module
from inference.modules.evaluation import CaseFailed, Listener, Reply, Runner

Output = TypeVar("Output", bound=BaseModel)

TIMEOUT_SECONDS = 600.0
BARE_MAX_TOKENS = 700
SHOWN_CHARACTERS = 300
# What one case meets here, every other case would meet too.
SAME_FOR_ALL = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE}
)


class NotAnswering(Exception):
    """A gateway cannot be used at all; the message says why."""


@dataclass(frozen=True)
class Door:
    """A gateway: its address and the key to it."""

    url: str
    key: str

    def client(self) -> httpx.AsyncClient:
        """Connections to it."""
        headers = {"Authorization": f"Bearer {self.key}", "X-Ostrov-Actor": "eval", "X-Ostrov-Priority": "batch"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False)


class NoModel:
    """A model that is never there: shows what a module's code does alone."""

    async def complete(
        self, prompt: str, variables: Mapping[str, Any], *, output: type[Output], max_tokens: int
    ) -> Output:
        """Refuse."""
        raise ModelError(f"no model was asked: {prompt}, {output.__name__}, {max_tokens}, {len(variables)}")

    async def stream(self, prompt: str, variables: Mapping[str, Any], *, max_tokens: int) -> AsyncIterator[str]:
        """Refuse at the first piece."""
        if prompt:
            raise ModelError(f"no model was asked: {prompt}, {max_tokens}, {len(variables)}")
        yield ""


def code_alone(module: Module) -> Runner:
    """Run the module in this process, without a model."""

    async def run(given: BaseModel) -> Reply:
        try:
            output = await module.run(given, NoModel())
        except ModelError as error:
            message = f"the module does nothing without a model ({error})"
            raise CaseFailed(message) from error
        return Reply(checked_output(module, output))

    return run


def checked_output(module: Module, output: BaseModel) -> dict[str, Any]:
    """What a module gave, held against its own schema. Raises CaseFailed when it does not fit."""
    try:
        return module.output.model_validate(output.model_dump()).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        message = f"the output does not fit its schema: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise CaseFailed(message) from error


def through_gateway(module: Module, door: Door) -> Runner:
    """Run the module where it always runs: in a gateway."""

    async def run(given: BaseModel) -> Reply:
        body = {"subject": {"type": "case", "id": "eval"}, "input": given.model_dump(mode="json"), "stream": False}
        answer = await _post(door, f"/v1/modules/{module.manifest.name}/run", json=body)
        made = answer["run"]
        return Reply(answer["output"], made.get("prompt_tokens") or 0, made.get("completion_tokens") or 0)

    return run


def asked_bare(module: Module, door: Door) -> Runner:
    """Ask the same model with one plain prompt; what it says is taken as it is."""
    schema = {"name": "card", "strict": True, "schema": bare_schema(module)}

    async def run(given: BaseModel) -> Reply:
        body = {
            "model": "chat",
            "messages": bare_messages(module, given),
            "response_format": {"type": "json_schema", "json_schema": schema},
            "max_tokens": BARE_MAX_TOKENS,
            "temperature": 0,
            "seed": 1,
        }
        answer = await _post(door, "/v1/chat/completions", json=body)
        usage = answer.get("usage") or {}
        try:
            output = bare_output(module, answer["choices"][0]["message"]["content"], given)
        except (ValueError, KeyError, IndexError, TypeError) as error:
            message = "the bare model gave no JSON that fits"
            raise CaseFailed(message) from error
        return Reply(output, usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0)

    return run


def listening(door: Door) -> Listener:
    """Let the speech engine write down a recording."""

    async def listen(path: Path) -> str:
        form = {"model": "speech", "response_format": "verbose_json"}
        sound = (path.name, await asyncio.to_thread(path.read_bytes))
        answer = await _post(door, "/v1/audio/transcriptions", data=form, files={"file": sound})
        return str(answer["text"])

    return listen


async def served_model(door: Door) -> str:
    """The name of the language model behind a gateway. Raises NotAnswering."""
    async with door.client() as client:
        try:
            answer = await client.get("/v1/models")
        except httpx.TransportError as error:
            message = f"nobody answers at {door.url} ({type(error).__name__})"
            raise NotAnswering(message) from error
    if answer.is_error:
        message = f"the gateway at {door.url} answers {answer.status_code}: {answer.text[:SHOWN_CHARACTERS]}"
        raise NotAnswering(message)
    states: dict[str, dict[str, Any]] = {entry["id"]: entry for entry in answer.json()["data"]}
    chat = states.get("chat", {})
    if chat.get("state") != "ready":
        message = f"the language model behind {door.url} is {chat.get('state', 'unknown')}"
        raise NotAnswering(message)
    return str(chat.get("served_by") or "chat")


async def _post(door: Door, path: str, **what: Any) -> dict[str, Any]:
    """Ask a gateway. Raises CaseFailed for a bad answer, NotAnswering when there is nobody or no right to ask."""
    async with door.client() as client:
        try:
            answer = await client.post(path, **what)
        except httpx.TransportError as error:
            message = f"nobody answers at {door.url} ({type(error).__name__})"
            raise NotAnswering(message) from error
    if answer.is_success:
        found: dict[str, Any] = json.loads(answer.content)
        return found
    said = f"the gateway answered {answer.status_code}: {answer.text[:SHOWN_CHARACTERS]}"
    if answer.status_code in SAME_FOR_ALL:
        raise NotAnswering(said)
    raise CaseFailed(said)
