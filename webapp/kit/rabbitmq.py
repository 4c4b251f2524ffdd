"""RabbitMQ as a receiver of events: a durable topic exchange, confirmed persistent messages, none taken for granted."""

from __future__ import annotations

import json
import logging
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError, NackError, UnroutableError

from webapp.kit import feed
from webapp.kit.relay import BrokerDown, NobodyListens

# What went wrong is logged by the relay, as an event; the library would write its stack for every attempt.
logging.getLogger("pika").setLevel(logging.CRITICAL)

CONTENT_TYPE = "application/cloudevents+json"
HEARTBEAT_SECONDS = 30
CONNECT_SECONDS = 10
BLOCKED_SECONDS = 60
PERSISTENT = 2


class RabbitMQ:
    """One connection, made when it is needed and made anew when it broke."""

    def __init__(self, url: str, exchange: str, queue: str = "") -> None:
        """`queue`, when named, is declared and bound to all events, so that they are kept until somebody reads them."""
        self._parameters = pika.URLParameters(url)
        self._parameters.heartbeat = HEARTBEAT_SECONDS
        self._parameters.socket_timeout = CONNECT_SECONDS
        self._parameters.stack_timeout = CONNECT_SECONDS
        self._parameters.blocked_connection_timeout = BLOCKED_SECONDS
        self._exchange = exchange
        self._queue = queue
        self._connection: Any = None
        self._channel: BlockingChannel | None = None

    def publish(self, placed: feed.Placed) -> None:
        """Send one event and wait until the broker has it. Raises BrokerDown, NobodyListens."""
        event = placed.event
        properties = pika.BasicProperties(
            content_type=CONTENT_TYPE,
            delivery_mode=PERSISTENT,
            message_id=str(event.id),
            type=event.type,
            app_id="ostrov",
            timestamp=int(event.time.timestamp()),
            headers={"subject": event.subject, "sequence": placed.sequence},
        )
        body = json.dumps(feed.envelope(placed), ensure_ascii=False).encode()
        try:
            self._open().basic_publish(self._exchange, event.type, body, properties, mandatory=True)
        except UnroutableError:
            raise NobodyListens(event.type) from None
        except (AMQPError, NackError, OSError) as error:
            self.close()
            raise BrokerDown(type(error).__name__) from None

    def rest(self, seconds: float) -> None:
        """Wait, and meanwhile answer the broker's heartbeats."""
        try:
            if self._connection is not None and self._connection.is_open:
                self._connection.sleep(seconds)
                return
        except (AMQPError, OSError):
            self.close()
        raise BrokerDown("connection lost")

    def close(self) -> None:
        """End the connection, however it is."""
        connection, self._connection, self._channel = self._connection, None, None
        try:
            if connection is not None and connection.is_open:
                connection.close()
        except (AMQPError, OSError):
            return  # it is gone, which is what was wanted

    def _open(self) -> BlockingChannel:
        if self._channel is not None and self._channel.is_open:
            return self._channel
        self.close()
        self._connection = pika.BlockingConnection(self._parameters)
        channel = self._connection.channel()
        channel.confirm_delivery()
        channel.exchange_declare(self._exchange, exchange_type="topic", durable=True)
        if self._queue:
            channel.queue_declare(self._queue, durable=True)
            channel.queue_bind(self._queue, self._exchange, routing_key="#")
        self._channel = channel
        return self._channel
