"""`ostrov eval MODULE`: run a module over its cases and print how well it reads them."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
import httpx
from pydantic import BaseModel

from appliance.settings import GatewaySettings, read
from inference.modules import load_modules
from inference.modules.base import ModelError, Module
from inference.modules.evaluation import Runner, Score, read_cases, score_cases

Output = TypeVar("Output", bound=BaseModel)

RUN_TIMEOUT_SECONDS = 600.0
SHOWN_ERRORS = 60


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

    async def run(given: BaseModel) -> BaseModel:
        return await module.run(given, NoModel())

    return run


def through_gateway(module: Module, settings: GatewaySettings) -> Runner:
    """Run the module where it always runs: in the gateway of this machine."""
    url = f"http://127.0.0.1:{settings.gateway_port}/v1/modules/{module.manifest.name}/run"
    headers = {"Authorization": f"Bearer {settings.gateway_key}", "X-Ostrov-Actor": "eval"}

    async def run(given: BaseModel) -> BaseModel:
        async with httpx.AsyncClient(timeout=RUN_TIMEOUT_SECONDS, trust_env=False) as client:
            body = {"subject": {"type": "case", "id": "eval"}, "input": given.model_dump(mode="json"), "stream": False}
            answer = await client.post(url, headers=headers, json=body)
        if answer.is_error:
            raise click.ClickException(f"The gateway answered {answer.status_code}: {answer.text[:300]}")
        return module.output.model_validate(answer.json()["output"])

    return run


@click.command()
@click.argument("module")
@click.option("--cases", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file of cases.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--no-model", is_flag=True, help="Run the code of the module without a model, in this process.")
def evaluate(module: str, cases: Path | None, *, as_json: bool, no_model: bool) -> None:
    """Score MODULE on its cases: precision and recall per field, values without support, fields left empty."""
    known = load_modules()
    if module not in known:
        raise click.ClickException(f"There is no module {module!r}. Known: {', '.join(sorted(known))}.")
    chosen = known[module]
    run = code_alone(chosen) if no_model else through_gateway(chosen, read(GatewaySettings))
    try:
        score = asyncio.run(score_cases(chosen, read_cases(chosen, cases), run))
    except httpx.TransportError as error:
        raise click.ClickException(
            f"The gateway does not answer ({type(error).__name__}). Start it with `ostrov demo`, or pass --no-model."
        ) from error
    click.echo(json.dumps(score.as_json(), ensure_ascii=False, indent=2) if as_json else table(score))


def table(score: Score) -> str:
    """The figures for people."""
    figures = score.as_json()
    lines = [f"{'field':<14}{'precision':>10}{'recall':>8}{'F1':>7}{'right':>7}{'wrong':>7}{'missed':>8}"]
    lines += [
        f"{name:<14}{row['precision']:>10.3f}{row['recall']:>8.3f}{row['f1']:>7.3f}"
        f"{row['right']:>7}{row['wrong']:>7}{row['missed']:>8}"
        for name, row in figures["fields"].items()
    ]
    lines += [
        f"cases {figures['cases']}, values {figures['values']}",
        f"values without support per 100: {figures['unsupported_per_100']}",
        f"fields left empty {figures['left_empty']}, rightly {figures['left_empty_rightly']}",
        f"{figures['seconds']} s",
        *score.errors[:SHOWN_ERRORS],
    ]
    return "\n".join(lines)
