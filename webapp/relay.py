"""The relay of events to RabbitMQ: its composition root and its command."""

from __future__ import annotations

import signal
import threading

import click
import structlog
from prometheus_client import start_http_server
from sqlalchemy.exc import SQLAlchemyError

from appliance.addresses import AMQP, AddressRefused, checked
from appliance.cli.problem import Problem
from appliance.settings import RelaySettings, read
from webapp.kit import relay as core
from webapp.kit.db import make_engine, make_sessions
from webapp.kit.rabbitmq import RabbitMQ

log = structlog.get_logger()
EXIT_SETTINGS = 2
UNROUTABLE = ("wait", "skip")
REMEDY = "Set OSTROV_RELAY_URL to a RabbitMQ on this machine or in a private network: amqp://user:password@127.0.0.1/."


def build(settings: RelaySettings) -> tuple[core.Relay, RabbitMQ]:
    """The relay with its real parts. Raises Problem for settings that do not fit."""
    try:
        url = checked("OSTROV_RELAY_URL", settings.relay_url, REMEDY, schemes=AMQP, credentials=True)
    except AddressRefused as error:
        raise Problem(str(error), exit_code=EXIT_SETTINGS) from None
    if settings.relay_unroutable not in UNROUTABLE:
        raise Problem(
            f"OSTROV_RELAY_UNROUTABLE={settings.relay_unroutable!r} is not known.", "Set wait or skip.", EXIT_SETTINGS
        )
    broker = RabbitMQ(url, settings.relay_exchange, settings.relay_queue)
    types = [name.strip() for name in settings.relay_types.split(",") if name.strip()]
    sessions = make_sessions(make_engine(settings.database_url, pool_size=1))
    skip = settings.relay_unroutable == "skip"
    return core.Relay(sessions, broker, types=types, batch=settings.relay_batch, skip_unwanted=skip), broker


def run(relay: core.Relay, stop: threading.Event, pause_seconds: float) -> None:
    """Relay until told to stop; what fails is tried again after a while that grows."""
    failures = 0
    while not stop.is_set():
        try:
            done = relay.step()
            core.BEHIND.set(relay.behind())
            failures = 0
            if not done:
                relay.broker.rest(pause_seconds)
        except (core.BrokerDown, core.NobodyListens, SQLAlchemyError) as error:
            failures += 1
            core.FAILURES.labels(type(error).__name__).inc()
            wait = core.wait_seconds(failures)
            log.warning("relay.postponed", reason=type(error).__name__, failures=failures, wait_seconds=wait)
            stop.wait(wait)


@click.command()
def relay() -> None:
    """Pass events on to RabbitMQ, in order, each at least once (OSTROV_RELAY_*)."""
    settings = read(RelaySettings)
    made, broker = build(settings)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_call: stop.set())
    if settings.relay_metrics_port:
        start_http_server(settings.relay_metrics_port, addr="127.0.0.1")
    log.info("relay.started", exchange=settings.relay_exchange)
    run(made, stop, settings.relay_pause_seconds)
    broker.close()
    log.info("relay.stopped")
