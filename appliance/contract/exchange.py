"""Exchange: records of another system, each under the key that it has there.

The same key always means the same record. A record that was sent before is changed only where the other system has
changed it since, so what people have written here meanwhile stays, and sending everything again does nothing.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from appliance.contract.common import Strict
from appliance.contract.communication import Kind
from appliance.contract.version import CONTRACT_VERSION, check

MOST_ITEMS = 200
Entity = Literal["organisation", "person", "product", "deal", "task", "communication"]
Outcome = Literal["created", "updated", "unchanged", "refused"]
Key = Annotated[str, Field(min_length=1, max_length=200)]


class NewCommunication(Strict):
    """A communication of another system, in words: a call's notes, an e-mail, a message, a meeting."""

    kind: Kind = "note"
    body: str = Field(min_length=1, max_length=100_000)
    subject: str = Field(default="", max_length=200)
    occurred_at: AwareDatetime | None = None
    direction: Literal["in", "out", "unknown"] = "unknown"


class ExchangeItem(Strict):
    """One record: its kind, its key in the other system, its fields as in the contract's `new-` part.

    `links` names other records by the other system's keys: {"organisation": "000000017"}.
    """

    entity: Entity
    key: Key
    values: dict[str, Any]
    links: dict[Literal["organisation", "person", "deal"], Key] = Field(default_factory=dict)


class Exchange(Strict):
    """A batch of records of one system; `check` tells what would happen and changes nothing."""

    contract: str = Field(default=CONTRACT_VERSION, description="the version of the contract that this is written in")
    items: list[ExchangeItem] = Field(max_length=MOST_ITEMS)
    check: bool = False

    @model_validator(mode="before")
    @classmethod
    def _of_a_version_that_is_read(cls, given: Any) -> Any:
        """Refuse another major version before anything else is looked at; of a newer minor one, take what is known."""
        if not isinstance(given, dict) or not isinstance(given.get("contract"), str) or not check(given["contract"]):
            return given
        known = {name: value for name, value in given.items() if name in cls.model_fields}
        if isinstance(known.get("items"), list):
            known["items"] = [_known_part(item) for item in known["items"]]
        return known


def _known_part(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    return {name: value for name, value in item.items() if name in ExchangeItem.model_fields}


class ItemResult(BaseModel):
    """What became of one record, in the order in which they were sent; a refusal names the field and the reason."""

    key: str
    entity: Entity
    outcome: Outcome
    id: int | None = None
    field: str | None = None
    detail: str = ""


class Exchanged(BaseModel):
    """The results of a batch."""

    items: list[ItemResult]
