"""The way of one run to the engines: its turn in the queue, an engine, another one when that fails, all noted."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from inference.gateway.engine import Engine, EngineAway
from inference.gateway.events import Event, events
from inference.gateway.problems import EngineFailed, EngineUnavailable, GatewayProblem
from inference.gateway.queues import FairQueue, Turn
from inference.gateway.routing import Pool
from inference.gateway.runs import Run
from inference.gateway.structure import said_in_words
from inference.gateway.wire import Reply

CHAT_PATH = "/v1/chat/completions"
CHARACTERS_A_TOKEN = 4
ANSWER_TOKENS = 256
UPLOAD_TOKENS = 1000

Body = dict[str, Any]
Result = TypeVar("Result")
Check = Callable[[Reply, Engine], None]

log = logging.getLogger("ostrov.gateway")


@dataclass(frozen=True)
class Completion:
    """A whole chat answer: as it came, and read."""

    reply: Reply
    found: dict[str, Any]

    @property
    def message(self) -> dict[str, Any]:
        """What the model says, in words or as calls of tools."""
        message: dict[str, Any] = self.found["choices"][0]["message"]
        return message

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What the model says in each of the answers that the caller asked for."""
        return [choice["message"] for choice in self.found["choices"] if isinstance(choice.get("message"), dict)]

    @property
    def text(self) -> str | None:
        """The words of the answer; None when the model calls tools instead."""
        found = self.message.get("content")
        return found if isinstance(found, str) else None


class Lane:
    """Bound to one run; may be used several times by it. Notes engine, model, attempts, tokens and times in the run."""

    def __init__(self, queue: FairQueue, pool: Pool, run: Run, *, attempts: int) -> None:
        """Bind; until an engine is chosen the run names the one that is expected to serve."""
        self._queue = queue
        self._pool = pool
        self._run = run
        self._attempts = attempts
        self.require: Callable[[], None] = _nothing
        self.role = pool.role
        if pool.expected is not None:
            self._note_engine(pool.expected)

    async def complete(self, body: Body) -> Completion:
        """Ask for a whole chat answer. Raises a GatewayProblem."""

        async def ask(engine: Engine) -> Completion:
            return _completion(await engine.post(CHAT_PATH, _encoded(body, engine)), engine)

        turn, found = await self._begun(_cost(body), ask)
        self._end(turn, found.found.get("usage"))
        return found

    async def post(self, path: str, body: Body, check: Check) -> Reply:
        """Ask for a whole answer of another kind; `check` raises EngineFailed for one that is none."""

        async def ask(engine: Engine) -> Reply:
            reply = await engine.post(path, _encoded(body, engine))
            check(reply, engine)
            return reply

        turn, reply = await self._begun(_cost(body), ask)
        self._end(turn, None)
        return reply

    async def upload(self, path: str, parts: AsyncIterator[bytes], headers: dict[str, str]) -> Reply:
        """Pass a body on as it arrives; another engine is tried only while nothing of the body is gone."""

        async def ask(engine: Engine) -> Reply:
            return await engine.upload(path, parts, headers)

        turn, reply = await self._begun(UPLOAD_TOKENS, ask, replayable=False)
        self._end(turn, None)
        return reply

    @asynccontextmanager
    async def stream(self, body: Body) -> AsyncIterator[AsyncIterator[list[Event]]]:
        """Open a streamed chat; its first events have come when the block begins, and none of it is garbage."""
        body = {**body, "stream": True, "stream_options": {**_options(body), "include_usage": True}}

        async def begin(engine: Engine) -> tuple[AsyncExitStack, list[Event], AsyncIterator[list[Event]]]:
            async with AsyncExitStack() as stack:
                pieces = await stack.enter_async_context(engine.stream(CHAT_PATH, _encoded(body, engine)))
                found = events(pieces, engine.role)
                stack.push_async_callback(found.aclose)
                first = await anext(found)
                return stack.pop_all(), first, found
            raise AssertionError  # Nothing above swallows an exception.

        turn, (stack, first, rest) = await self._begun(_cost(body), begin, whole=False)
        started = time.perf_counter()
        outcome: BaseException | None = None
        usage: Any = None

        async def relayed() -> AsyncIterator[list[Event]]:
            nonlocal usage
            usage = _usage(first, None)
            yield first
            async for found in rest:
                usage = _usage(found, usage)
                yield found

        try:
            async with stack:
                yield relayed()
        except BaseException as error:
            outcome = error
            raise
        finally:
            self._run.engine_ms += (time.perf_counter() - started) * 1000
            self._judge(_engine(turn), outcome)
            self._end(turn, usage)

    async def _begun(
        self,
        cost: float,
        work: Callable[[Engine], Awaitable[Result]],
        *,
        replayable: bool = True,
        whole: bool = True,
    ) -> tuple[Turn, Result]:
        """Do the work at an engine, at another when that fails; the turn is still to be ended.

        Work that is not `whole` has only begun: its success is judged later.
        """
        pool, tried = self._pool, list[Engine]()
        while True:
            turn = await self._queue.turn(
                pool, f"{self._run.key}\n{self._run.actor}", batch=self._run.batch, cost=cost, first=bool(tried)
            )
            engine = _engine(turn)
            self._run.queue_ms += turn.waited_seconds * 1000
            try:
                self.require()  # What was on when the request came may have been switched off while it waited.
                return turn, await self._worked(engine, work, whole=whole)
            except GatewayProblem as problem:
                self._queue.release(turn)
                tried.append(engine)
                rest = self._pool.without(tried) if _goes_elsewhere(problem, replayable=replayable) else None
                if rest is None or len(tried) >= self._attempts:
                    raise
                log.info("engine.passed_over engine=%s run_id=%s problem=%s", engine.name, self._run.id, problem.kind)
                pool = rest
            except BaseException:
                self._queue.release(turn)
                raise

    async def _worked(self, engine: Engine, work: Callable[[Engine], Awaitable[Result]], *, whole: bool) -> Result:
        """Do the work at one engine; note who did it, how long it took and what it says about the engine."""
        self._note_engine(engine)
        self._run.attempts += 1
        engine.turns += 1
        engine.breaker.begin()
        started = time.perf_counter()
        outcome: BaseException | None = None
        try:
            return await work(engine)
        except BaseException as error:
            outcome = error
            raise
        finally:
            self._run.engine_ms += (time.perf_counter() - started) * 1000
            if whole or outcome is not None:
                self._judge(engine, outcome)

    def _judge(self, engine: Engine, outcome: BaseException | None) -> None:
        """Tell the breaker what a request says about its engine; one that opens ends the wait of who has no other."""
        if outcome is None:
            engine.breaker.succeeded()
        elif isinstance(outcome, (EngineAway, EngineFailed)):
            engine.breaker.failed()
            if engine.breaker.state == "open":
                log.warning("engine.left_alone engine=%s seconds=%.0f", engine.name, engine.breaker.open_for_seconds)
                self._queue.end_hopeless()
        elif isinstance(outcome, GatewayProblem) and not isinstance(outcome, EngineUnavailable):
            engine.breaker.succeeded()
        else:
            engine.breaker.undecided()

    def _end(self, turn: Turn, usage: Any) -> None:
        """Give the turn back, with the tokens that it really took where the engine says how many."""
        if isinstance(usage, dict):
            prompt, completion = _number(usage, "prompt_tokens"), _number(usage, "completion_tokens")
            self._run.prompt_tokens += prompt
            self._run.completion_tokens += completion
            self._queue.release(turn, max(prompt + completion, 1))
        else:
            self._queue.release(turn)

    def _note_engine(self, engine: Engine) -> None:
        """Note in the run which engine serves it."""
        self._run.engine, self._run.model = engine.name, engine.model or None
        self._run.model_hash = engine.model_hash or None


def _nothing() -> None:
    """Require nothing of a request whose turn has come."""


def _engine(turn: Turn) -> Engine:
    """Return the engine of a turn: the pools of the gateway hold nothing else."""
    return cast("Engine", turn.engine)


def _goes_elsewhere(problem: GatewayProblem, *, replayable: bool) -> bool:
    """Whether another engine may be asked the same."""
    if not replayable:
        return isinstance(problem, EngineAway) and not problem.reached
    return isinstance(problem, (EngineUnavailable, EngineFailed))


def _encoded(body: Body, engine: Engine) -> bytes:
    """Return a request as this engine understands it, under the name that it serves its model by."""
    if engine.config.structured_output == "prompt":
        body = said_in_words(body)
    return json.dumps({**body, "model": engine.model or engine.role}, ensure_ascii=False).encode(errors="replace")


def _cost(body: Body) -> float:
    """Estimate the work of a request in tokens, before it is done."""
    texts = [message.get("content") for message in body.get("messages") or () if isinstance(message, dict)]
    given = body.get("input", body.get("documents"))
    texts += given if isinstance(given, list) else [given]
    limit = body.get("max_tokens") or body.get("max_completion_tokens") or (ANSWER_TOKENS if "messages" in body else 0)
    answer = min(limit, ANSWER_TOKENS) if isinstance(limit, (int, float)) else ANSWER_TOKENS
    return sum(len(text) for text in texts if isinstance(text, str)) / CHARACTERS_A_TOKEN + answer + 1


def _options(body: Body) -> Body:
    """Return the options that the caller gave for a stream."""
    found = body.get("stream_options")
    return found if isinstance(found, dict) else {}


def _completion(reply: Reply, engine: Engine) -> Completion:
    """Read a whole chat answer. Raises EngineFailed when it is none."""
    try:
        found = json.loads(reply.body)
        message = found["choices"][0]["message"]
        sound = "content" in message or "tool_calls" in message
    except (ValueError, LookupError, TypeError, RecursionError):
        sound = False
    if not sound:
        problem = f"The {engine.role} engine's answer has not the shape of a chat completion."
        raise EngineFailed(problem)
    return Completion(reply, found)


def _usage(found: list[Event], before: Any) -> Any:
    """Return the last counts of tokens that the engine gave so far."""
    for event in found:
        before = event.usage or before
    return before


def _number(usage: dict[str, Any], name: str) -> int:
    """Return one count of tokens; engines leave some out."""
    found = usage.get(name)
    return found if isinstance(found, int) else 0
