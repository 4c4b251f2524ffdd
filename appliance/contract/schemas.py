"""The published JSON Schemas: what other programs build against, under `/api/v1/contract/NAME.json`."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from appliance.contract import client, communication, deal, document, task

PUBLISHED: dict[str, TypeAdapter[Any]] = {
    "client": TypeAdapter(client.Client),
    "organisation": TypeAdapter(client.Organisation),
    "person": TypeAdapter(client.Person),
    "deal": TypeAdapter(deal.Deal),
    "product": TypeAdapter(deal.Product),
    "task": TypeAdapter(task.Task),
    "communication": TypeAdapter(communication.Communication),
    "document": TypeAdapter(document.Document),
}


def schema(name: str, address: str = "") -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one part of the contract; raises KeyError for an unknown name."""
    body = PUBLISHED[name].json_schema(mode="serialization")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": address, "title": name}
    return {key: value for key, value in head.items() if value} | body
