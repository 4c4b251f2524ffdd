"""`ostrov eval MODULE`: run a module over its cases and print how well it does, also beside another way."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click

from appliance.cli.problem import Problem
from appliance.settings import DemoSettings, GatewaySettings, read
from inference.modules import load_modules
from inference.modules.base import Module
from inference.modules.cases import BadCases
from inference.modules.evaluation import Runner, read_cases, score_cases
from inference.modules.loading import VERSION
from inference.modules.private import NoSuchModel, private_gateway
from inference.modules.report import Evaluated, Kept, as_json, cases_hash, side_by_side, table
from inference.modules.runners import (
    Door,
    NotAnswering,
    asked_bare,
    code_alone,
    listening,
    served_model,
    through_gateway,
)

REMEDY = "Start the product with `ostrov demo`, name a model with --model, or pass --no-model."
MODULE_WAY, BARE_WAY, CODE_WAY = "module", "bare", "code alone"


@dataclass(frozen=True)
class Evaluation:
    """One module over one set of cases."""

    module: Module
    cases: Sequence[Mapping[str, Any]]
    folder: Path

    def measure(self, way: str, run: Runner, door: Door | None = None, model: str = "") -> Evaluated:
        """Run every case one way and return the figures."""
        listen = listening(door) if door is not None and any("recording" in case for case in self.cases) else None
        score = asyncio.run(score_cases(self.module, self.cases, run, listen=listen, folder=self.folder))
        manifest = self.module.manifest
        return Evaluated(way, model, manifest.version, manifest.prompt_version, score.as_json())

    def behind(self, door: Door, *, bare: bool) -> list[Evaluated]:
        """Run the module in a gateway, and then the same model bare where that is asked for."""
        model = asyncio.run(served_model(door))
        ways = [(MODULE_WAY, through_gateway)] + ([(BARE_WAY, asked_bare)] if bare else [])
        return [self.measure(way, make(self.module, door), door, model) for way, make in ways]


@click.command()
@click.argument("module")
@click.option("--model", "models", multiple=True, help="A model of the store, a GGUF file or an engine's address.")
@click.option("--bare", is_flag=True, help="Also ask the same model with one plain prompt, without any code around it.")
@click.option("--cases", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file of cases.")
@click.option("--limit", type=click.IntRange(1), help="Only so many cases, spread over the whole set.")
@click.option("--against", help="Compare with a version that was evaluated before, or with another model.")
@click.option("--json", "shown_as_json", is_flag=True, help="Print JSON.")
@click.option("--no-model", is_flag=True, help="Run the code of the module without a model, in this process.")
def evaluate(
    module: str,
    models: tuple[str, ...],
    cases: Path | None,
    limit: int | None,
    against: str | None,
    *,
    bare: bool,
    shown_as_json: bool,
    no_model: bool,
) -> None:
    """Score MODULE on its cases: precision, recall and F1 per field, what has no support, what is left empty."""
    if no_model and (models or bare):
        raise Problem("--no-model asks no model.", "Leave out --model and --bare, or leave out --no-model.")
    chosen = _module(module)
    try:
        found = read_cases(chosen, cases)
    except BadCases as error:
        raise Problem("The cases cannot be used.", str(error)) from error
    taken = _spread(found, limit)
    home = read(GatewaySettings).home
    kept = Kept(home, chosen, cases_hash(taken))
    work = Evaluation(chosen, taken, cases.parent if cases else Path())
    former = against if against and VERSION.fullmatch(against) else None
    others = (*models, *([against] if against and not former else []))
    evaluated = _without_model(work) if no_model else [] if models else _running(work, bare=bare)
    evaluated += _private(work, others, bare=bare)
    earlier = kept.find(former, evaluated[0].way, evaluated[0].model) if former else None
    kept.add(evaluated)
    if former:
        evaluated.append(earlier or _not_kept(kept, former))
    if shown_as_json:
        click.echo(json.dumps(as_json(evaluated), ensure_ascii=False, indent=2))
        return
    for one in [one for one in evaluated if not one.at]:
        click.echo(table(one) + "\n")
    if len(evaluated) > 1:
        click.echo(side_by_side(evaluated))


def _without_model(work: Evaluation) -> list[Evaluated]:
    """The module's code alone, in this process; that no model is there is not worth a warning for each case."""
    logging.getLogger("inference").setLevel(logging.ERROR)
    return [work.measure(CODE_WAY, code_alone(work.module))]


def _running(work: Evaluation, *, bare: bool) -> list[Evaluated]:
    """The module in the gateway of this machine."""
    settings = read(GatewaySettings)
    door = Door(f"http://127.0.0.1:{settings.gateway_port}", settings.gateway_key)
    try:
        return work.behind(door, bare=bare)
    except NotAnswering as error:
        raise Problem(f"The model cannot be asked: {error}.", REMEDY) from error


def _private(work: Evaluation, models: Sequence[str], *, bare: bool) -> list[Evaluated]:
    """The module in gateways of its own, one for each model."""
    evaluated: list[Evaluated] = []
    for model in models:
        try:
            with private_gateway(model, read(GatewaySettings), read(DemoSettings)) as door:
                evaluated += work.behind(door, bare=bare)
        except NotAnswering as error:
            raise Problem(f"The model cannot be asked: {error}.", REMEDY) from error
        except NoSuchModel as error:
            raise Problem("The model cannot be used.", str(error)) from error
    return evaluated


def _module(name: str) -> Module:
    """A module that is loaded, or a problem that says which are."""
    known = load_modules()
    if name not in known:
        raise Problem(
            f"No module {name!r} is loaded.", f"Loaded: {', '.join(sorted(known))}. See `ostrov modules list`."
        )
    return known[name]


def _spread(cases: Sequence[Mapping[str, Any]], limit: int | None) -> Sequence[Mapping[str, Any]]:
    """So many cases from all over the set: the first of equal parts."""
    if limit is None or limit >= len(cases):
        return cases
    return [cases[part * len(cases) // limit] for part in range(limit)]


def _not_kept(kept: Kept, version: str) -> NoReturn:
    """End with what can be compared."""
    remedy = f"Kept are: {', '.join(kept.versions())}. Evaluate {version} where it is installed, then come back."
    raise Problem(f"No evaluation of version {version} is kept for these cases and this way.", remedy)
