"""The `ModelClient` that a module gets: prompt, masking, engine, schema, one repair, all written into its run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from inference.anonymise import PASS_THROUGH, SafeText, anonymise
from inference.gateway.lanes import Lane
from inference.gateway.masking import Veil
from inference.gateway.problems import OutputInvalid
from inference.gateway.prompts import render
from inference.gateway.runs import Run
from inference.modules.base import Module, Prompt, split_prompt

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


def faults(error: ValidationError) -> str:
    """Say in one line what does not fit, without repeating the values."""
    lines = [f"{'.'.join(map(str, item['loc'])) or 'answer'}: {item['msg']}" for item in error.errors()[:SHOWN_ERRORS]]
    return "; ".join(lines)


class Asking:
    """Asks one engine for one run of one module. Every text leaves as `SafeText`."""

    def __init__(self, module: Module, prompt: Prompt, lane: Lane, run: Run, veil: Veil) -> None:
        """Bind what a run needs; `prompt` is the version to use, `veil` hides what the run's policy hides."""
        self._module = module
        self._prompt = prompt
        self._lane = lane
        self._run = run
        self._veil = veil
        self._objection = ""

    def object_to(self, reason: str) -> None:
        """Tell the model, whenever it is asked again in this run, why what came of its last answer cannot be used."""
        self._objection = reason

    async def for_log(self, features: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return pieces of evidence as the log may keep them."""
        return [await self._veil.aside(self._veil.for_log, feature) for feature in features]

    async def complete(
        self, prompt: str, variables: Mapping[str, Any], *, output: type[Output], max_tokens: int
    ) -> Output:
        """Ask for one JSON object. Raises OutputInvalid after one repair; a missing engine ends the whole run."""
        messages = await self._messages(prompt, variables)
        reason = ""
        for attempt in range(TRIES):
            answer = await self._ask(messages, output, max_tokens)
            try:
                found = output.model_validate_json(await self._veil.aside(self._veil.restore_json, answer))
            except ValidationError as error:
                reason = faults(error)
                repair = await self._veil.aside(self._veil.hide, REPAIR.format(reason=reason))
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
        body = self._body(await self._messages(prompt, variables), max_tokens)
        restorer = self._veil.restorer()
        pieces: list[str] = []
        try:
            async with self._lane.stream(body) as answer:
                async for found in answer:
                    for words in (event.words for event in found if event.words):
                        pieces.append(words)
                        shown = words if restorer is None else restorer.feed(words)
                        if shown:
                            yield shown
            if restorer is not None and (rest := restorer.finish()):
                yield rest
        finally:
            self._run.answers.append("".join(pieces))

    async def _messages(self, prompt: str, variables: Mapping[str, Any]) -> list[Message]:
        """Render the prompt, mask it and note it in the run; an empty system part is left out.

        A system part without variables is the module's own text: nobody's data, and equal for every run.
        """
        fixed, words = render(self._module, self._prompt, prompt, variables)
        if self._objection:
            words = f"{words}\n\n{REPAIR.format(reason=self._objection)}"
        own = fixed == split_prompt(self._prompt.text)[0]
        system = anonymise(fixed, PASS_THROUGH) if own else await self._veil.aside(self._veil.hide, fixed)
        user: SafeText = await self._veil.aside(self._veil.hide, words)
        self._run.prompts.append(f"{system.text}\n\n{user.text}")
        first = [{"role": "system", "content": system.text}] if system.text else []
        return [*first, {"role": "user", "content": user.text}]

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
