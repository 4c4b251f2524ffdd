"""Events reach a real RabbitMQ in order, each at least once, through crashes of either side."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from broker import Broker, installed

from appliance.cli.problem import Problem
from appliance.contract.event import read_event
from appliance.settings import RelaySettings
from webapp import relay as program
from webapp.crm.deals.messages import DealCreated, DealUpdated
from webapp.crm.people.messages import PersonCreated
from webapp.kit import feed
from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin
from webapp.kit.db import transaction
from webapp.kit.outbox import emit
from webapp.kit.relay import BrokerDown, NobodyListens, Relay

needs_rabbitmq = pytest.mark.skipif(not installed(), reason="needs Debian's package rabbitmq-server")


def happen(app, *messages):
    with transaction(app.parts.sessions) as session:
        begin(session, SYSTEM)
        return [str(emit(session, message).id) for message in messages]


@pytest.fixture
def place(app):
    """The present end of the feed: relays of these tests begin there."""
    with app.parts.sessions() as session:
        found = feed.after(session, 0, limit=100_000)
    return found[-1].position if found else 0


@pytest.fixture
def relay_to(app, place):
    def make(broker, name, **options):
        with transaction(app.parts.sessions) as session:
            session.add(feed.FeedReader(name=name, position=place))
        return Relay(app.parts.sessions, broker, name=name, **options)

    return make


class Memory:
    """A broker that keeps what it gets; `trouble` raises before the n-th message is taken."""

    def __init__(self):
        self.taken, self.trouble = [], {}

    def publish(self, placed):
        error = self.trouble.pop(len(self.taken), None)
        if error:
            raise error
        self.taken.append(str(placed.event.id))

    def rest(self, seconds):
        time.sleep(min(seconds, 0.01))


def test_the_place_moves_past_what_was_confirmed_and_no_further(app, relay_to):
    ids = happen(app, *(DealCreated(700_000 + number) for number in range(5)))
    broker = Memory()
    relay = relay_to(broker, "confirmed", batch=3)
    broker.trouble[2] = BrokerDown()
    with pytest.raises(BrokerDown):
        relay.step()
    assert relay.behind() == 3
    while relay.step():
        pass
    assert broker.taken == ids
    assert relay.behind() == 0


def test_an_event_that_nobody_wants_waits_or_is_passed_over(app, relay_to):
    ids = happen(app, DealCreated(1), DealCreated(2))
    patient = Memory()
    patient.trouble[0] = NobodyListens()
    relay = relay_to(patient, "patient")
    with pytest.raises(NobodyListens):
        relay.step()
    relay.step()
    assert patient.taken == ids
    hasty = Memory()
    hasty.trouble[0] = NobodyListens()
    relay_to(hasty, "hasty", skip_unwanted=True).step()
    assert hasty.taken == ids[1:]


def test_only_the_wanted_types_are_relayed(app, relay_to):
    wanted, _other = happen(app, DealCreated(3), PersonCreated(3))
    broker = Memory()
    relay_to(broker, "typed", types=["deal."]).step()
    assert broker.taken == [wanted]


def test_two_relays_of_one_name_send_nothing_twice_while_both_live(app, relay_to):
    ids = happen(app, *(DealCreated(710_000 + number) for number in range(40)))
    broker = Memory()
    relay = relay_to(broker, "pair", batch=4)
    threads = [threading.Thread(target=lambda: [relay.step() for _turn in range(10)]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broker.taken == ids


@pytest.mark.parametrize(
    "settings",
    [
        {"relay_url": "amqp://guest:secret@8.8.8.8/"},
        {"relay_url": "http://127.0.0.1"},
        {"relay_unroutable": "drop"},
    ],
)
def test_settings_that_lead_outside_or_do_not_fit_are_refused(settings):
    with pytest.raises(Problem) as refused:
        program.build(RelaySettings(**settings))
    assert "OSTROV_RELAY" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory):
    broker = Broker(tmp_path_factory.mktemp("rabbit"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def running(app, rabbit, settings, place):
    """The relay as its command runs it, in a thread."""
    stops = []

    def start(queue, name, **options):
        chosen = RelaySettings(
            database_url=settings.database_url, relay_url=rabbit.url, relay_exchange=f"{queue}.events",
            relay_queue=queue, relay_batch=10, relay_pause_seconds=0.1, **options,
        )  # fmt: skip
        relay, broker = program.build(chosen)
        relay.name = name
        with transaction(app.parts.sessions) as session:
            if session.get(feed.FeedReader, name) is None:
                session.add(feed.FeedReader(name=name, position=place))
        stop = threading.Event()
        thread = threading.Thread(target=program.run, args=(relay, stop, 0.1))
        thread.start()
        stops.append((stop, thread, broker))
        return relay

    yield start
    for stop, thread, broker in stops:
        stop.set()
        thread.join(40)
        broker.close()


@needs_rabbitmq
def test_a_real_rabbitmq_gets_every_event_as_a_cloudevent_in_order(app, rabbit, running):
    ids = happen(app, *(DealUpdated(720_000, ("amount", str(number))) for number in range(25)), PersonCreated(9))
    running("whole", "whole")
    found = rabbit.drain("whole", len(ids))
    assert [properties.message_id for properties, _body in found] == ids
    event, _data = read_event(json.loads(found[0][1]))
    assert (event.type, str(event.id)) == ("deal.updated", ids[0])
    properties = found[-1][0]
    assert (properties.type, properties.delivery_mode) == ("person.created", 2)
    assert properties.content_type == "application/cloudevents+json"


@needs_rabbitmq
def test_a_broker_that_is_killed_in_the_middle_loses_nothing(app, rabbit, running):
    ids, stop = [], threading.Event()

    def go_on_working():
        while not stop.is_set():
            ids.extend(happen(app, DealUpdated(730_000, ("notes",))))
            time.sleep(0.01)

    running("killed", "killed")
    worker = threading.Thread(target=go_on_working)
    worker.start()
    time.sleep(2)
    rabbit.kill()
    time.sleep(1)
    rabbit.start()
    time.sleep(2)
    stop.set()
    worker.join()
    found = [p.message_id for p, _body in rabbit.drain("killed", len(ids), seconds=60)]
    assert set(ids) <= set(found), "an event was lost"
    firsts = list(dict.fromkeys(found))
    assert [one for one in firsts if one in set(ids)] == ids, "an event overtook another"
