"""The gateway's HTTP face without models behind it: it answers as it is told and remembers what reached it.

Run it by hand to look at pages: `python tests/webapp/gateway_twin.py 18190`.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from appliance.settings import WebSettings
from webapp import wiring
from webapp.ai.gateway import Gateway
from webapp.ai.switches import switches
from webapp.app import App, create_app

TYPE = "tag:ostrov,2026:problems/"
NAMES = ("call_card", "answer", "chat", "embeddings", "transcription")
SPENT = {"prompt_tokens": 812, "completion_tokens": 164, "duration_ms": 4210, "engine_ms": 3900, "queue_ms": 120}


class Problem(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, kind: str, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.status, self.body = status, {"type": TYPE + kind, "title": kind, "status": status, "detail": detail}
        if field:
            self.body["field"] = field


class GatewayTwin:
    """What the gateway knows: runs, verdicts, prompts, switches. `reached` lists the engines that were asked."""

    def __init__(self) -> None:
        self.url = ""
        self.reset()

    def reset(self) -> None:
        """Forget everything; tests begin so."""
        self.runs: dict[str, dict[str, Any]] = {}
        self.verdicts: dict[str, dict[str, Any]] = {}
        self.quality: list[dict[str, Any]] = []
        self.outputs: dict[str, dict[str, Any]] = {}
        self.transcript: dict[str, Any] = {}
        self.reached: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.priorities: list[str] = []
        self.down = False
        self.switches = {name: {"feature": name, "on": True, "reason": None, "by": None, "at": None} for name in NAMES}
        versions = [
            {"version": "2", "hash": "9f2c" * 16, "languages": ["ru", "en"], "runs": 41, "last_used": _now()},
            {"version": "1", "hash": "1a7e" * 16, "languages": ["ru", "en"], "runs": 208, "last_used": _now()},
        ]
        self.prompts: dict[str, dict[str, Any]] = {
            "call_card": {"module": "call_card", "active": "2", "pinned": False, "versions": versions},
            "answer": {"module": "answer", "active": "1", "pinned": False, "versions": versions[1:]},
        }

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, headers: Any) -> tuple[int, Any]:
        """Answer one request."""
        if self.down:
            raise Problem(503, "engine-unavailable", "The gateway is being started")
        self.asked.append((method, path))
        self.priorities.append(headers.get("X-Ostrov-Priority", ""))
        parts = path.strip("/").split("/")
        if path == "/readyz":
            engines = ("chat", "embed", "speech")
            return 200, {"ready": True, "engines": {name: {"state": "ready", "model": "twin"} for name in engines}}
        handler: Callable[..., tuple[int, Any]] | None = {
            ("GET", "runs", 2): self._list,
            ("GET", "runs", 3): self._run,
            ("POST", "runs", 4): self._judge,
            ("GET", "quality", 2): self._quality,
            ("GET", "prompts", 2): self._prompts,
            ("PUT", "prompts", 3): self._pin,
            ("GET", "features", 2): self._features,
            ("PUT", "features", 3): self._switch,
            ("POST", "modules", 4): self._module,
            ("POST", "embeddings", 2): self._embed,
            ("POST", "audio", 3): self._transcribe,
        }.get((method, parts[1] if len(parts) > 1 else "", len(parts)))
        if handler is None:
            raise Problem(404, "http-error", "Not Found")
        return handler(parts, query, body, headers)

    def _list(self, _parts: list[str], query: dict[str, str], _body: Any, _headers: Any) -> tuple[int, Any]:
        wanted = [r for r in self.runs.values() if query.get("module") in (None, r["module"])]
        hidden = ("prompt", "answer", "features", "verdicts")
        shown = [{key: value for key, value in run.items() if key not in hidden} for run in reversed(wanted)]
        return 200, {"items": shown[: int(query.get("limit", 50))], "next": None}

    def _run(self, parts: list[str], *_rest: Any) -> tuple[int, Any]:
        if parts[2] not in self.runs:
            raise Problem(404, "run-unknown", "There is no such run")
        mine = [verdict for verdict in self.verdicts.values() if verdict["run"] == parts[2]]
        return 200, {**self.runs[parts[2]], "verdicts": mine}

    def _judge(self, parts: list[str], _query: Any, body: Any, _headers: Any) -> tuple[int, Any]:
        if parts[2] not in self.runs:
            raise Problem(404, "run-unknown", "There is no such run")
        for verdict in body["verdicts"]:
            self.verdicts.setdefault(verdict["id"], {**verdict, "run": parts[2]})
        return 202, {"taken": len(body["verdicts"])}

    def _quality(self, _parts: list[str], query: dict[str, str], *_rest: Any) -> tuple[int, Any]:
        since, until = query.get("since", "")[:10], query.get("until", "")[:10] or "9"
        rows = [row for row in self.quality if query.get("module") in (None, row["module"])]
        return 200, {"items": [row for row in rows if since <= row["day"] < until]}

    def _prompts(self, *_rest: Any) -> tuple[int, Any]:
        return 200, {"items": list(self.prompts.values())}

    def _pin(self, parts: list[str], _query: Any, body: Any, _headers: Any) -> tuple[int, Any]:
        prompt = self.prompts.get(unquote(parts[2]))
        if prompt is None:
            raise Problem(404, "module-unknown", "There is no such module")
        known = [version["version"] for version in prompt["versions"]]
        if body["version"] is not None and body["version"] not in known:
            raise Problem(422, "invalid-request", f"There is no version {body['version']}", "version")
        prompt.update(active=body["version"] or known[0], pinned=body["version"] is not None)
        return 200, prompt

    def _features(self, *_rest: Any) -> tuple[int, Any]:
        return 200, {"items": list(self.switches.values())}

    def _switch(self, parts: list[str], _query: Any, body: Any, _headers: Any) -> tuple[int, Any]:
        if parts[2] not in self.switches:
            raise Problem(404, "feature-unknown", "There is no such feature")
        changed = {"on": body["on"], "reason": body["reason"], "by": body["actor"], "at": _now()}
        self.switches[parts[2]] |= changed
        return 200, self.switches[parts[2]]

    def _module(self, parts: list[str], _query: Any, body: Any, headers: Any) -> tuple[int, Any]:
        name = parts[2]
        self.engine(name, name)
        output = self.outputs.get(name, {})
        run = self.log_run(name, body["subject"], output, actor=headers.get("X-Ostrov-Actor"))
        result = {"run": run, "output": output}
        if body.get("stream"):
            return 200, f"event: result\ndata: {json.dumps(result)}\n\n"
        return 200, result

    def _embed(self, _parts: list[str], _query: Any, body: Any, _headers: Any) -> tuple[int, Any]:
        self.engine("embeddings", "embed")
        return 200, {"data": [{"embedding": [0.05] * 384} for _text in body["input"]]}

    def _transcribe(self, *_rest: Any) -> tuple[int, Any]:
        self.engine("transcription", "speech")
        return 200, self.transcript

    def engine(self, feature: str, name: str) -> None:
        """An engine is reached, unless the feature is off."""
        if not self.switches[feature]["on"]:
            raise Problem(403, "feature-off", f"The feature {feature} is switched off")
        self.reached.append(name)

    def log_run(self, module: str, subject: Any, output: Any, *, actor: str | None = None, **more: Any) -> Any:
        """Keep a run in the log as the gateway does, and answer it as a caller sees it."""
        prompt = self.prompts[module]
        found = next(v for v in prompt["versions"] if v["version"] == prompt["active"])
        run = {"id": str(uuid.uuid4()), "module": module, "module_version": "1.0.0", "model": "twin-7b"}
        run |= {"prompt_version": found["version"], "prompt_hash": found["hash"], "model_hash": "c0de" * 16} | SPENT
        logged = {"at": _now(), "endpoint": f"/v1/modules/{module}/run", "engine": "chat-1", "policy": "on-premises"}
        logged |= {"key": "web", "actor": actor, "subject": subject, "attempts": 1, "verdict": "ok", "reason": None}
        logged |= {
            "masked": True,
            "prompt": "Call between [PERSON_1] and [PERSON_2].",
            "answer": '{"person": "[PERSON_1]"}',
        }
        self.runs[run["id"]] = run | logged | {"features": _features(output)} | more
        return run


def _features(output: Any) -> list[dict[str, Any]]:
    """The evidence in an output, as the log keeps it."""
    keys = ("value", "quote", "ref", "segment", "second", "confidence", "contributions")
    found = []
    for name, items in output.items():
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict) and item.get("quote"):
                found.append({"field": item.get("field", name), **{key: item.get(key) for key in keys}})
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _handler(twin: GatewayTwin) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            url = urlsplit(self.path)
            try:
                is_json = self.headers.get("Content-Type", "").startswith("application/json")
                body = json.loads(content) if content and is_json else None
                status, answer = twin.answer(self.command, url.path, dict(parse_qsl(url.query)), body, self.headers)
            except Problem as problem:
                status, answer = problem.status, problem.body
            text = answer if isinstance(answer, str) else json.dumps(answer)
            self.send_response(status)
            self.send_header("Content-Type", "text/event-stream" if isinstance(answer, str) else "application/json")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PUT = _serve  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_what: Any) -> None:
            """Tests are quiet."""

    return Handler


@contextmanager
def serving(twin: GatewayTwin, port: int = 0) -> Iterator[GatewayTwin]:
    """Serve the twin on loopback for a while."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(twin))
    server.daemon_threads = True
    twin.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield twin
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def served_twin() -> Iterator[GatewayTwin]:
    """A twin that is reached over HTTP, as the gateway is."""
    with serving(GatewayTwin()) as found:
        yield found


@pytest.fixture(scope="module")
def app(settings: WebSettings, served_twin: GatewayTwin) -> Iterator[App]:
    """The whole web application in front of the twin, by the real client."""
    parts = wiring.assemble(settings, gateway=Gateway(served_twin.url, "", 10.0))
    made = create_app(settings, parts=parts)
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.parts.engine.dispose()


@pytest.fixture
def twin(app: App, served_twin: GatewayTwin) -> GatewayTwin:
    """The twin behind the application, as good as new."""
    served_twin.reset()
    switches(app.parts.gateway).forget()
    return served_twin


if __name__ == "__main__":
    with serving(GatewayTwin(), int(sys.argv[1])) as served:
        print(served.url)
        Thread.join(Thread(target=sys.stdin.read))
