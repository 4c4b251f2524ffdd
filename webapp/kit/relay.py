"""The relay: events go on to a message broker in the order of the feed, each at least once.

The place that was reached is kept in the database and moves only past events that the broker has confirmed. A crash
between the two sends an event again; its id is the message's, so that a receiver can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from webapp.kit import feed
from webapp.kit.feed import FeedReader, OutboxPosition, Placed

log = structlog.get_logger()

NAMES = {
    "ostrov_relay_events": "Events that the broker has confirmed",
    "ostrov_relay_skipped": "Events that no queue of the broker wanted, passed over because that was chosen",
    "ostrov_relay_failures": "Attempts that failed, by reason",
    "ostrov_relay_behind": "Events that wait to be relayed",
}
EVENTS = Counter("ostrov_relay_events", NAMES["ostrov_relay_events"])
SKIPPED = Counter("ostrov_relay_skipped", NAMES["ostrov_relay_skipped"])
FAILURES = Counter("ostrov_relay_failures", NAMES["ostrov_relay_failures"], ("reason",))
BEHIND = Gauge("ostrov_relay_behind", NAMES["ostrov_relay_behind"])
LONGEST_WAIT_SECONDS = 30.0


class BrokerDown(Exception):
    """The broker cannot be reached or has not confirmed; the event has to be sent again."""


class NobodyListens(Exception):
    """The broker has no queue for this event."""


class Broker(Protocol):
    """Where events go."""

    def publish(self, placed: Placed) -> None:
        """Send one event; returns when it is safe there. Raises BrokerDown, NobodyListens."""

    def rest(self, seconds: float) -> None:
        """Wait without losing the connection. Raises BrokerDown."""


@dataclass
class Relay:
    """Moves events from the feed to a broker. `skip_unwanted` passes over events that no queue wants."""

    sessions: sessionmaker[Session]
    broker: Broker
    name: str = "relay"
    types: Sequence[str] = ()
    batch: int = 200
    skip_unwanted: bool = False

    def step(self) -> int:
        """Relay one batch; answers how many events were passed on. Raises BrokerDown and NobodyListens.

        What was confirmed before a failure counts as done. The reader's row is locked, so two relays never mix.
        """
        with self.sessions() as session:
            reader = self._reader(session)
            found = feed.after(session, reader.position, limit=self.batch, types=self.types)
            try:
                for placed in found:
                    self._pass_on(placed)
                    reader.position = placed.position
            finally:
                session.commit()  # the place moves past what is safe, also when the next event failed
        return len(found)

    def behind(self) -> int:
        """How many events wait."""
        with self.sessions() as session:
            place = session.scalar(select(FeedReader.position).where(FeedReader.name == self.name)) or 0
            waiting = select(func.count()).select_from(OutboxPosition).where(OutboxPosition.position > place)
            return int(session.scalar(waiting) or 0)

    def _reader(self, session: Session) -> FeedReader:
        session.execute(insert(FeedReader).values(name=self.name).on_conflict_do_nothing())
        return session.scalars(select(FeedReader).where(FeedReader.name == self.name).with_for_update()).one()

    def _pass_on(self, placed: Placed) -> None:
        try:
            self.broker.publish(placed)
        except NobodyListens:
            if not self.skip_unwanted:
                raise
            SKIPPED.inc()
        else:
            EVENTS.inc()


def wait_seconds(failures: int) -> float:
    """How long to wait after so many failures in a row: doubling from half a second."""
    return float(min(0.5 * 2 ** min(failures - 1, 10), LONGEST_WAIT_SECONDS))
