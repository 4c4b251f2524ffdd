"""Every event that the product emits is part of the contract, and says what the contract says."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from datetime import UTC, datetime
from typing import Any, get_type_hints

import pytest
from sources import files, tree

from appliance.contract.event import EVENTS, SOURCE, dataschema, published, read_event
from webapp import app as _all_features  # noqa: F401 - importing it imports every message of the product
from webapp.kit import outbox
from webapp.kit.outbox import OutboxEvent

SAMPLES: dict[Any, Any] = {int: 7, str: "word", tuple[str, ...]: ("name", "city"), list[str]: ["name"]}
# What is kept in an event for the product itself and never published, because it holds values of clients.
KEPT_INSIDE = {"run.judged": {"verdicts"}}


def messages() -> dict[str, type]:
    """Every dataclass of the web application that says what has happened, by the type of its event."""
    found = {}
    for module_name, module in list(sys.modules.items()):
        if not module_name.startswith("webapp."):
            continue
        for _name, thing in inspect.getmembers(module, inspect.isclass):
            if dataclasses.is_dataclass(thing) and isinstance(getattr(thing, "subject_type", None), str):
                assert found.setdefault(thing.type, thing) is thing, f"two messages are of type {thing.type}"
    return found


EMITTED = messages()


def sample(message: type) -> Any:
    """A message with a value of the right kind in every field."""
    hints = get_type_hints(message)
    return message(**{field.name: SAMPLES.get(hints[field.name], ()) for field in dataclasses.fields(message)})


def test_every_message_was_found():
    written = {
        node.value.value
        for path in files(".py", under=("webapp",))
        for holder in tree(path).body
        if hasattr(holder, "body")
        for node in getattr(holder, "body", [])
        if getattr(getattr(node, "target", None), "id", "") == "type"
        and type(getattr(node, "value", None)).__name__ == "Constant"
        and "." in str(node.value.value)
    }
    assert written
    assert written <= set(EMITTED)


@pytest.mark.parametrize("event_type", sorted(EMITTED))
def test_an_emitted_event_is_in_the_contract_with_exactly_its_fields(event_type):
    assert event_type in EVENTS, f"add {event_type} to EVENTS in appliance/contract/event.py"
    fields = {field.name for field in dataclasses.fields(EMITTED[event_type])}
    assert fields - KEPT_INSIDE.get(event_type, set()) == set(EVENTS[event_type].model_fields)


@pytest.mark.parametrize("event_type", sorted(EVENTS))
def test_the_contract_promises_no_event_that_is_never_emitted(event_type):
    assert event_type in EMITTED


@pytest.mark.parametrize("event_type", sorted(EMITTED))
def test_what_is_written_into_the_outbox_can_be_read_by_the_contract(event_type):
    message = sample(EMITTED[event_type])
    document = {
        "specversion": "1.0",
        "id": "6f1c1f3e-5d5c-4a30-8c44-0d4b8a2f1f0e",
        "source": OutboxEvent.__table__.c.source.default.arg,
        "type": event_type,
        "subject": f"{message.subject_type}/{message.subject_id}",
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "dataschema": dataschema(event_type),
        "sequence": "1".zfill(20),
        "data": published(event_type, outbox._payload(message)),
    }
    event, data = read_event(document)
    assert event.source == SOURCE
    assert type(data) is EVENTS[event_type]
    assert not data.model_extra
