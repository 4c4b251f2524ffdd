"""The published JSON Schemas: what other programs build against.

They stand under `/api/v1/contract/NAME.json`, in `docs/contract/VERSION/`, and are printed by `ostrov contract show`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from appliance.contract import client, communication, deal, document, event, exchange, proposal, run, task
from appliance.contract.version import CONTRACT_VERSION

Mode = Literal["serialization", "validation"]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "contract"

# What a server answers.
PUBLISHED: Mapping[str, TypeAdapter[Any]] = {
    "client": TypeAdapter(client.Client),
    "organisation": TypeAdapter(client.Organisation),
    "person": TypeAdapter(client.Person),
    "deal": TypeAdapter(deal.Deal),
    "product": TypeAdapter(deal.Product),
    "task": TypeAdapter(task.Task),
    "communication": TypeAdapter(communication.Communication),
    "document": TypeAdapter(document.Document),
    "proposal": TypeAdapter(proposal.Proposal),
    "run": TypeAdapter(run.Run),
    "event": TypeAdapter(event.Event),
    "exchanged": TypeAdapter(exchange.Exchanged),
}
# What a server takes.
TAKEN: Mapping[str, TypeAdapter[Any]] = {
    "new-organisation": TypeAdapter(client.NewOrganisation),
    "new-person": TypeAdapter(client.NewPerson),
    "new-deal": TypeAdapter(deal.NewDeal),
    "new-product": TypeAdapter(deal.NewProduct),
    "new-task": TypeAdapter(task.NewTask),
    "new-communication": TypeAdapter(exchange.NewCommunication),
    "organisation-change": TypeAdapter(client.OrganisationChange),
    "person-change": TypeAdapter(client.PersonChange),
    "deal-change": TypeAdapter(deal.DealChange),
    "product-change": TypeAdapter(deal.ProductChange),
    "task-change": TypeAdapter(task.TaskChange),
    "exchange": TypeAdapter(exchange.Exchange),
}
EVENT_DATA: Mapping[str, TypeAdapter[Any]] = {
    f"event.{name}": TypeAdapter(model) for name, model in event.EVENTS.items()
}
NAMES: tuple[str, ...] = tuple(sorted((*PUBLISHED, *TAKEN, *EVENT_DATA)))


def direction(name: str) -> Mode:
    """Whether a schema describes what is answered ("serialization") or what is taken ("validation")."""
    return "validation" if name in TAKEN else "serialization"


def schema(name: str, address: str = "") -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one part of the contract; raises KeyError for an unknown name."""
    adapter = {**PUBLISHED, **TAKEN, **EVENT_DATA}[name]
    body = adapter.json_schema(mode=direction(name))
    head = {"$schema": DIALECT, "$id": address, "title": name, "$comment": f"contract version {CONTRACT_VERSION}"}
    return {key: value for key, value in head.items() if value} | {**body, "title": name}


def text_of(name: str) -> str:
    """A schema as it stands in its published file."""
    return json.dumps(schema(name), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write(folder: Path) -> list[Path]:
    """Write every schema into `folder`, one file each; answers the files that were written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in NAMES:
        path = folder / f"{name}.json"
        path.write_text(text_of(name), encoding="utf-8")
        written.append(path)
    return written
