"""The feed of events: all of them in one order in which nothing appears late, for programs that read on from a place.

Events get their place in the order of their commits: a trigger that is deferred to the commit takes a lock and the next
number. So whoever has read up to a place will never miss an event that was written before it and committed after it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.contract.event import dataschema, published
from webapp.kit.db import Base
from webapp.kit.outbox import OutboxEvent

SEQUENCE_DIGITS = 20
LAST_POSITION = 2**63 - 1


class OutboxPosition(Base):
    """The place of one event in the feed; written by a trigger at commit, never by a program."""

    __tablename__ = "outbox_positions"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    event_id: Mapped[uuid.UUID] = mapped_column(unique=True)


class FeedReader(Base):
    """How far a reader of the feed has come."""

    __tablename__ = "feed_readers"

    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


@dataclass(frozen=True)
class Placed:
    """An event and its place in the feed."""

    position: int
    event: OutboxEvent

    @property
    def sequence(self) -> str:
        """The place as text that sorts as the numbers do."""
        return str(self.position).zfill(SEQUENCE_DIGITS)


def after(session: Session, position: int, *, limit: int, types: Sequence[str] = (), subject: str = "") -> list[Placed]:
    """The events behind a place, oldest first; a type that ends with a dot ("deal.") asks for all that begin so."""
    statement = (
        select(OutboxPosition.position, OutboxEvent)
        .join(OutboxEvent, OutboxEvent.id == OutboxPosition.event_id)
        .where(OutboxPosition.position > position)
        .order_by(OutboxPosition.position)
        .limit(limit)
    )
    if types:
        exact = [one for one in types if not one.endswith(".")]
        begun = [OutboxEvent.type.startswith(one, autoescape=True) for one in types if one.endswith(".")]
        statement = statement.where(or_(OutboxEvent.type.in_(exact), *begun))
    if subject:
        statement = statement.where(OutboxEvent.subject == subject)
    return [Placed(place, event) for place, event in session.execute(statement)]


def envelope(placed: Placed) -> dict[str, Any]:
    """A CloudEvent 1.0 as the contract describes it."""
    event = placed.event
    found: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": event.time.isoformat(),
        "datacontenttype": "application/json",
        "dataschema": dataschema(event.type),
        "sequence": placed.sequence,
        "data": published(event.type, event.data),
    }
    if event.actor_id is not None:
        found["actorid"] = str(event.actor_id)
    return found
