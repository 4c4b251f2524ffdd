"""The `ModelClient` that a module gets: prompt, masking, engine, schema, one repair, all written into its run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from inference.anonymise import PASS_THROUGH, SafeText, anonymise, restore
from inference.gateway.lanes import Lane
from inference.gateway.problems import OutputInvalid
from inference.gateway.prompts import render
from inference.gateway.runs import Run
from inference.modules.base import Module, Prompt

Output = TypeVar("Output", bound=BaseModel)

TRIES = 2
SEED = 1
REPAIR = (
    "This answer cannot be used: {reason}\nAnswer again with one JSON object that fits the schema and nothing else."
)
SHOWN_ERRORS = 5

Message = dict[str, str]


@cache
def _response_format(output: type[BaseModel]) -> dict[str, Any]:
    """Return the strict JSON Schema that the engine must follow while it writes."""
    schema = output.model_json_schema()
    return {"type": "json_schema", "json_schema": {"name": output.__name__, "strict": True, "schema": schema}}


def _reason(error: ValidationError) -> str:
    """Say in one line what does not fit, without repeating the values."""
    lines = [f"{'.'.join(map(str, item['loc'])) or 'answer'}: {item['msg']}" for item in error.errors()[:SHOWN_ERRORS]]
    return "; ".join(lines)


class Asking:
    """Asks one engine for one run of one module. Every text leaves as `SafeText`."""

    def __init__(self, module: Module, prompt: Prompt, lane: Lane, run: Run) -> None:
        """Bind what a run needs; `prompt` is the version to use."""
        self._module = module
        self._prompt = prompt
        self._lane = lane
        self._run = run

    async def complete(
        self, prompt: str, variables: Mapping[str, Any], *, output: type[Output], max_tokens: int
    ) -> Output:
        """Ask for one JSON object. Raises OutputInvalid after one repair; a missing engine ends the whole run."""
        parts = self._parts(prompt, variables)
        messages = _messages(parts)
        reason = ""
        for attempt in range(TRIES):
            answer = await self._ask(messages, output, max_tokens)
            try:
                found = output.model_validate_json(self._restored(answer, parts))
            except ValidationError as error:
                reason = _reason(error)
                repair = anonymise(REPAIR.format(reason=reason), PASS_THROUGH)
                messages = [
                    *messages,
                    {"role": "assistant", "content": answer},
                    {"role": "user", "content": repair.text},
                ]
            else:
                if attempt and self._run.verdict == "ok":
                    self._run.verdict = "repaired"
                return found
        self._run.verdict, self._run.reason = "output_invalid", reason
        message = f"The model's answer does not fit the schema of {self._module.manifest.name}: {reason}"
        raise OutputInvalid(message)

    async def stream(self, prompt: str, variables: Mapping[str, Any], *, max_tokens: int) -> AsyncIterator[str]:
        """Ask for plain text, given piece by piece."""
        parts = self._parts(prompt, variables)
        body = self._body(_messages(parts), max_tokens)
        pieces: list[str] = []
        try:
            async with self._lane.stream(body) as answer:
                async for event in answer:
                    if event.words:
                        pieces.append(event.words)
                        yield self._restored(event.words, parts)
        finally:
            self._run.answers.append("".join(pieces))

    def _parts(self, prompt: str, variables: Mapping[str, Any]) -> tuple[SafeText, SafeText]:
        """Render the prompt, mask it and note it in the run."""
        system, user = (anonymise(text, PASS_THROUGH) for text in render(self._module, self._prompt, prompt, variables))
        self._run.prompts.append(f"{system.text}\n\n{user.text}")
        return system, user

    @staticmethod
    def _restored(text: str, parts: tuple[SafeText, SafeText]) -> str:
        """Put the originals back into what the model wrote."""
        for part in parts:
            text = restore(text, part.placeholders)
        return text

    def _body(self, messages: list[Message], max_tokens: int) -> dict[str, Any]:
        """Return a request that gives the same answer each time, as far as the engine can."""
        return {"messages": messages, "max_tokens": max_tokens, "temperature": 0, "seed": SEED}

    async def _ask(self, messages: list[Message], output: type[BaseModel], max_tokens: int) -> str:
        """Ask once; return the text of the answer."""
        found = await self._lane.complete(
            {**self._body(messages, max_tokens), "response_format": _response_format(output)}
        )
        text = found.text or ""
        self._run.answers.append(text)
        return text


def _messages(parts: tuple[SafeText, SafeText]) -> list[Message]:
    """Return the chat of a prompt; an empty system part is left out."""
    system, user = parts
    first = [{"role": "system", "content": system.text}] if system.text else []
    return [*first, {"role": "user", "content": user.text}]
