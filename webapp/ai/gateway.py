"""The client of the gateway: the one place of the web application that speaks to models, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from webapp.ai.link import Link
from webapp.kit.errors import AppError, NotFound, Unavailable
from webapp.kit.i18n import N_

TOO_LONG = N_(
    "The recording is longer than this server takes (setting OSTROV_RECORDING_MAX_MINUTES). "
    "Split it and upload the parts."
)
FEATURE_OFF = "feature-off"  # how the type of the problem ends
TOO_MANY = 429
EMBED_ROLE = "embed"
MODELS_TIMEOUT_SECONDS = 3.0
LOG_TIMEOUT_SECONDS = 5.0


class ModelUnavailable(Unavailable):
    """The model that is needed is down or switched off."""

    title = N_("The model is not available at the moment")


class ModelBusy(ModelUnavailable):
    """The model works, but not for us just now: its queue is full, or the budget is spent."""


class ModelUnknown(ModelUnavailable):
    """No engine serves the model that was named."""


@dataclass(frozen=True)
class EmbeddingModel:
    """A model that makes vectors: its name and the hash of its weights, empty where the engine does not say it."""

    name: str
    hash: str = ""


@dataclass(frozen=True)
class Embedded:
    """Vectors, one a text, and the name of the model that made them."""

    vectors: list[list[float]]
    model: str


class FeatureOff(ModelUnavailable):
    """An administrator has switched the feature off: the gateway lets no request for it through."""

    title = N_("This feature is switched off on this server")


class Refused(AppError):
    """The gateway does not take what it was told; `detail` says why."""

    status = 422
    title = N_("The gateway does not take this")


class BadRecording(AppError):
    """The speech engine cannot read the file; `detail` says why."""

    status = 422
    title = N_("The recording cannot be read")


class BadOutput(AppError):
    """The model's answer was unusable, also after one repair."""

    status = 502
    title = N_("The model gave an answer that could not be used")


class Gateway:
    """Calls the gateway's endpoints; every method raises ModelUnavailable when the model cannot be reached."""

    def __init__(
        self,
        url: str,
        key: str,
        timeout_seconds: float,
        *,
        speech_timeout_seconds: float | None = None,
        background: bool = False,
        link: Link | None = None,
    ) -> None:
        """`url` is the gateway's base address, `key` its bearer key; recordings may take longer than questions.

        What is asked in the `background` lets the questions of people at a screen go first. `link`
        says how a gateway on another machine is known, and what it is shown.
        """
        self._speech_timeout = speech_timeout_seconds or timeout_seconds
        self._client = httpx.Client(
            base_url=url,
            headers=({"Authorization": f"Bearer {key}"} if key else {})
            | {"X-Ostrov-Priority": "batch" if background else "interactive"},
            timeout=httpx.Timeout(timeout_seconds, connect=2.0),
            verify=(link or Link()).context(),
            trust_env=False,
        )

    def _post(self, path: str, *, actor: int | None = None, **arguments: Any) -> Any:
        headers = {"X-Ostrov-Actor": str(actor)} if actor is not None else {}
        try:
            response = self._client.post(path, headers=headers, **arguments)
        except httpx.HTTPError as error:
            raise ModelUnavailable(str(error)) from error
        _check(response)
        return response.json()

    def transcribe(
        self,
        path: Path,
        *,
        filename: str,
        hotwords: Sequence[str] = (),
        language: str | None = None,
        max_minutes: int | None = None,
        start: float = 0.0,
        piece_seconds: float | None = None,
        actor: int | None = None,
    ) -> dict[str, Any]:
        """The transcript of a recording: language, duration in seconds, segments with words (see docs/gateway.md).

        One that is longer than `max_minutes` is refused with BadRecording. With `piece_seconds` a long one is heard
        from `start` on for about so long: `next` of the answer says where the next piece begins, None after the last.
        """
        fields = {"model": "speech", "response_format": "verbose_json"}
        if hotwords:
            fields["hotwords"] = ", ".join(hotwords)
        if language:
            fields["language"] = language
        if max_minutes:
            fields["max_minutes"] = str(max_minutes)
        if piece_seconds:
            fields |= {"start": str(start), "piece_seconds": str(piece_seconds)}
        with path.open("rb") as stream:
            result: dict[str, Any] = self._post(
                "/v1/audio/transcriptions",
                actor=actor,
                data=fields,
                files={"file": (filename, stream)},
                timeout=httpx.Timeout(self._speech_timeout, connect=2.0),
            )
        return result

    def embed(
        self,
        texts: Sequence[str],
        *,
        query: bool = False,
        model: str = EMBED_ROLE,
        timeout_seconds: float | None = None,
    ) -> Embedded:
        """One vector a text by a model (by its name; the one that is used now when none is named).

        `query` marks a question rather than a passage. Raises ModelUnknown when no engine serves that model.
        """
        body = {"model": model, "input": list(texts), "input_type": "query" if query else "passage"}
        limit: dict[str, Any] = {} if timeout_seconds is None else {"timeout": timeout_seconds}
        answer = self._post("/v1/embeddings", json=body, **limit)
        return Embedded([item["embedding"] for item in answer["data"]], str(answer.get("model") or ""))

    def embedding_model(self) -> EmbeddingModel | None:
        """Which model makes vectors now, None while no engine has said it."""
        try:
            response = self._client.get("/v1/models", timeout=MODELS_TIMEOUT_SECONDS)
        except httpx.HTTPError as error:
            raise ModelUnavailable(str(error)) from error
        _check(response)
        entry: dict[str, Any] = next((one for one in response.json()["data"] if one["id"] == EMBED_ROLE), {})
        name = entry.get("served_by")
        return EmbeddingModel(name, str(entry.get("model_hash") or "")) if name else None

    def run(
        self, module: str, subject: tuple[str, int], value: dict[str, Any], *, actor: int | None = None
    ) -> dict[str, Any]:
        """Run a module on contract JSON; answers {"run": ..., "output": ...}."""
        body = {"subject": {"type": subject[0], "id": str(subject[1])}, "input": value}
        result: dict[str, Any] = self._post(f"/v1/modules/{module}/run", actor=actor, json=body)
        return result

    def stream(
        self, module: str, subject: tuple[str, int], value: dict[str, Any], *, actor: int | None = None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Run a module and yield (event, data): `token` pieces, then one `result` or `error`."""
        body = {"subject": {"type": subject[0], "id": str(subject[1])}, "input": value, "stream": True}
        headers = {"X-Ostrov-Actor": str(actor)} if actor is not None else {}
        try:
            with self._client.stream("POST", f"/v1/modules/{module}/run", json=body, headers=headers) as response:
                if response.is_error:
                    response.read()
                    _check(response)
                yield from _events(response.iter_lines())
        except httpx.HTTPError as error:
            raise ModelUnavailable(str(error)) from error

    def run_record(self, run_id: str) -> dict[str, Any] | None:
        """The whole log of a run; None when the log does not have it (any more)."""
        return self._log("GET", f"/v1/runs/{quote(run_id, safe='')}")

    def runs(self, **wanted: str | int | None) -> dict[str, Any]:
        """A page of the log, newest first, without texts: {"items", "next"}. `wanted`: module, after, limit, ..."""
        return self._log("GET", "/v1/runs", params=_given(wanted)) or {"items": [], "next": None}

    def tell_verdicts(self, run_id: str, verdicts: Sequence[Mapping[str, Any]]) -> bool:
        """What people decided about a run's values; False when the log does not have the run (any more).

        Each verdict carries an `id`, so that telling it again changes nothing.
        """
        body = {"verdicts": list(verdicts)}
        return self._log("POST", f"/v1/runs/{quote(run_id, safe='')}/verdicts", json=body) is not None

    def quality(
        self, *, module: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> list[dict[str, Any]]:
        """How the modules did, a row a version and day."""
        moments = {"since": since and since.isoformat(), "until": until and until.isoformat()}
        return _items(self._log("GET", "/v1/quality", params=_given({"module": module, **moments})))

    def prompts(self) -> list[dict[str, Any]]:
        """The prompts of all modules with their versions, and which one answers now."""
        return _items(self._log("GET", "/v1/prompts"))

    def pin_prompt(self, module: str, version: str | None, *, actor: int | None) -> None:
        """Let one version of a module's prompt answer from now on; None lets the newest answer again."""
        body = {"version": version, "actor": str(actor)}
        if self._log("PUT", f"/v1/prompts/{quote(module, safe='')}", json=body) is None:
            raise NotFound

    def features(self) -> list[dict[str, Any]]:
        """The switches: {"feature", "on", "reason", "by", "at"} each."""
        return _items(self._log("GET", "/v1/features", timeout=httpx.Timeout(2.0, connect=1.0)))

    def switch_feature(self, feature: str, *, on: bool, reason: str, actor: int | None) -> None:
        """Switch a feature on or off for everybody."""
        body = {"on": on, "reason": reason or None, "actor": str(actor)}
        if self._log("PUT", f"/v1/features/{quote(feature, safe='')}", json=body) is None:
            raise NotFound

    def _log(self, method: str, path: str, **arguments: Any) -> dict[str, Any] | None:
        """Ask the gateway about itself; None for what it does not know."""
        arguments.setdefault("timeout", httpx.Timeout(LOG_TIMEOUT_SECONDS, connect=1.0))
        try:
            response = self._client.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise ModelUnavailable(str(error)) from error
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        if response.status_code in (httpx.codes.BAD_REQUEST, httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY):
            problem = _problem(response)
            raise Refused(str(problem.get("detail") or problem.get("title") or ""), field=problem.get("field"))
        _check(response)
        answer: dict[str, Any] = response.json() if response.content else {}
        return answer

    def state(self) -> dict[str, Any]:
        """Which engines are ready: {"ready": bool, "engines": {name: {"state", "reason"}}}; never raises."""
        try:
            answer: dict[str, Any] = self._client.get("/readyz", timeout=1.0).json()
        except (httpx.HTTPError, ValueError):
            return {"ready": False, "engines": {}}
        return answer


def _events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Server-sent events as (name, data)."""
    name = "message"
    for line in lines:
        if line.startswith("event:"):
            name = line[6:].strip()
        elif line.startswith("data:"):
            yield name, json.loads(line[5:])


def _items(answer: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    return list((answer or {}).get("items", ()))


def _given(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if value not in (None, "")}


def _problem(response: httpx.Response) -> dict[str, Any]:
    """The problem details of an answer, {} when it brings none."""
    try:
        problem = response.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def problem_of(problem: Mapping[str, Any]) -> AppError:
    """The error that a problem in a stream of events stands for."""
    kind = str(problem.get("type", ""))
    if kind.endswith(FEATURE_OFF):
        return FeatureOff()
    return BadOutput() if "output-invalid" in kind else ModelUnavailable()


def _check(response: httpx.Response) -> None:
    """Turn the gateway's problem details into our errors."""
    if not response.is_error:
        return
    problem = _problem(response)
    if str(problem.get("type", "")).endswith(FEATURE_OFF):
        raise FeatureOff
    detail = str(problem.get("detail") or problem.get("title") or "")
    if response.status_code in (401, 403, 429) or response.status_code >= 500:
        if "output-invalid" in str(problem.get("type", "")):
            raise BadOutput(detail)
        if response.status_code == TOO_MANY or str(problem.get("type", "")).endswith("engine-busy"):
            raise ModelBusy(detail)
        raise ModelUnavailable(detail)
    if str(problem.get("type", "")).endswith("model-unknown"):
        raise ModelUnknown(detail)
    if str(problem.get("type", "")).endswith("recording-too-long"):
        detail = TOO_LONG
    raise BadRecording(detail, field=problem.get("field"))
