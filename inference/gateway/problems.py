"""What can go wrong at the gateway, each as an RFC 9457 answer."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from inference.modules.base import ModelError

PROBLEM_BASE = "tag:ostrov,2026:problems/"
PROBLEM_TYPE = "application/problem+json"


class GatewayProblem(Exception):
    """An expected failure; its message is for the caller."""

    kind = "gateway-problem"
    title = "The gateway cannot do this"
    status = 500
    verdict = "failed"
    retry_after_seconds: int | None = None

    def __init__(self, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field

    def body(self) -> dict[str, Any]:
        """Return the problem details; `field` names the part of the request at fault."""
        body: dict[str, Any] = {
            "type": PROBLEM_BASE + self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        return body if self.field is None else {**body, "field": self.field}

    def response(self) -> JSONResponse:
        """Return the HTTP answer."""
        headers = {} if self.retry_after_seconds is None else {"Retry-After": str(self.retry_after_seconds)}
        return JSONResponse(self.body(), self.status, headers=headers, media_type=PROBLEM_TYPE)


class KeyMissing(GatewayProblem):
    """The bearer key is absent or wrong."""

    kind = "key-missing"
    title = "The gateway's key is missing or wrong"
    status = 401
    verdict = "refused"


class RequestInvalid(GatewayProblem):
    """The request does not have the shape of its endpoint."""

    kind = "invalid-request"
    title = "The request is not valid"
    status = 422
    verdict = "input_invalid"


class RequestTooLarge(GatewayProblem):
    """The request is larger than the gateway takes into its memory."""

    kind = "request-too-large"
    title = "The request is too large"
    status = 413
    verdict = "input_invalid"


class ModuleUnknown(GatewayProblem):
    """No module has this name."""

    kind = "module-unknown"
    title = "No module has this name"
    status = 404
    verdict = "refused"


class PolicyForbids(GatewayProblem):
    """The policy does not let this caller show this class of data to a model."""

    kind = "policy-forbids"
    title = "The policy does not allow this"
    status = 403
    verdict = "refused"


class EngineUnavailable(GatewayProblem):
    """The engine is off, starting, down or silent: the same request may work later."""

    kind = "engine-unavailable"
    title = "The model is not available now"
    status = 503
    verdict = "engine_unavailable"
    retry_after_seconds = 5


class EngineBusy(EngineUnavailable):
    """The engines are at work for others, and the wait for a turn took too long."""

    kind = "engine-busy"
    title = "The model is busy"

    def __init__(self, detail: str, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class QueueFull(EngineBusy):
    """So many requests wait that this one is better sent again later."""

    kind = "queue-full"
    title = "Too many requests wait"
    status = 429
    verdict = "refused"


class BudgetSpent(GatewayProblem):
    """The tokens of this minute or day are used up; the message names the budget."""

    kind = "budget-spent"
    title = "The budget of tokens is spent"
    status = 429
    verdict = "refused"

    def __init__(self, detail: str, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class ModelUnknown(GatewayProblem):
    """No role and no engine has the name that was asked for as `model`."""

    kind = "model-unknown"
    title = "No model has this name"
    status = 404
    verdict = "refused"


class EngineFailed(GatewayProblem):
    """The engine answered, but not in a way that can be used."""

    kind = "engine-failed"
    title = "The model's engine failed"
    status = 502
    verdict = "failed"


class OutputInvalid(GatewayProblem, ModelError):
    """The model's answer does not fit its schema, even after one try to repair it."""

    kind = "output-invalid"
    title = "The model gave nothing that can be used"
    status = 502
    verdict = "output_invalid"


class InputTooLong(GatewayProblem, ModelError):
    """The prompt does not fit the model's context."""

    kind = "input-too-long"
    title = "The text is too long for the model"
    status = 422
    verdict = "input_invalid"
    field = "input"


class EngineRefused(GatewayProblem):
    """The engine says that the request itself is wrong."""

    kind = "engine-refused"
    title = "The model's engine refused the request"
    status = 422
    verdict = "input_invalid"
