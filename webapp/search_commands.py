"""`ostrov search`: the index of vectors, how far it has come, and building it anew."""

from __future__ import annotations

import json

import click

from appliance.settings import WebSettings, read
from webapp import wiring
from webapp.ai.gateway import ModelUnavailable
from webapp.ai.search import indexes
from webapp.ai.search.indexes import Status
from webapp.ai.search.vectors import start_index
from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin, record
from webapp.kit.db import transaction


@click.group()
def search() -> None:
    """The index that search and the assistant use."""


@search.command()
@click.option("--status", "only_status", is_flag=True, help="Only say how far the index has come.")
@click.option("--skipped", is_flag=True, help="Try the texts again that the model could not embed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def reindex(*, only_status: bool, skipped: bool, as_json: bool) -> None:
    """Make all vectors anew with the model that is used now; the present index serves until the new one is complete.

    It begins by itself when the embedding model changes; the worker builds it in the background.
    """
    parts = wiring.assemble(read(WebSettings))
    try:
        if skipped:
            _again(parts)
        elif not only_status:
            _anew(parts)
        with parts.sessions() as session:
            found = indexes.status(session)
    finally:
        parts.engine.dispose()
    if as_json:
        click.echo(json.dumps([_told(status) for status in found], indent=2))
        return
    for status in found:
        click.echo(_line(status))
    if not found:
        click.echo("There is no index yet: the worker begins one as soon as the embedding model answers.")


def _anew(parts: wiring.Parts) -> None:
    message = "The embedding model does not answer. Start it (`ostrov status` says how it is) and try again."
    try:
        model = parts.gateway.embedding_model()
        index = start_index(parts.sessions, parts.gateway, model) if model else None
    except ModelUnavailable:
        index = None
    if index is None:
        raise click.ClickException(message)
    with transaction(parts.sessions) as session:
        begin(session, SYSTEM)
        record(session, "search.reindex_begun", "search_index", index.id, model=index.model)


def _again(parts: wiring.Parts) -> None:
    with transaction(parts.sessions) as session:
        begin(session, SYSTEM)
        for index in indexes.active(session).values():
            indexes.retry_skipped(session, index)


def _told(status: Status) -> dict[str, str | int | float]:
    index = status.index
    return {
        "id": index.id,
        "state": index.state,
        "model": index.model,
        "model_hash": index.model_hash,
        "dimensions": index.dimensions,
        "started_at": index.started_at.isoformat(),
        "texts": status.total,
        "done": status.total - status.waiting,
        "waiting": status.waiting,
        "skipped": status.skipped,
    }


def _line(status: Status) -> str:
    done = status.total - status.waiting
    share = 100 * done // status.total if status.total else 100
    skipped = f", {status.skipped} that the model cannot embed (--skipped tries them again)" if status.skipped else ""
    index = status.index
    return f"{index.state:<9} {index.model} ({index.dimensions}): {done} of {status.total} texts, {share} %{skipped}"
