"""Exchange: records of another system, each under the key that it has there.

The same key always means the same record. A record that was sent before is changed only where the other system has
changed it since, so what people have written here meanwhile stays, and sending everything again does nothing.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from appliance.contract.common import Strict
from appliance.contract.communication import Kind
from appliance.contract.version import CONTRACT_VERSION

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
    links: dict[Literal["organisation", "person", "deal", "product"], Key] = Field(default_factory=dict)


class Exchange(Strict):
    """A batch of records of one system; `check` tells what would happen and changes nothing."""

    contract: str = Field(default=CONTRACT_VERSION, description="the version of the contract that this is written in")
    items: list[ExchangeItem] = Field(max_length=MOST_ITEMS)
    check: bool = False


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
