"""The feed of events: CloudEvents in the order of commits, for those who may read them."""

from __future__ import annotations

import threading

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from appliance.contract import schemas
from appliance.contract.event import read_event
from webapp.crm.deals.messages import DealCreated
from webapp.crm.organisations.messages import OrganisationCreated
from webapp.kit import feed
from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin
from webapp.kit.outbox import emit


def everything(api, **query):
    found, after = [], ""
    while after is not None:
        answer = api.get("/api/v1/events", query_string={"limit": 3, **query, "after": after})
        assert answer.status_code == 200, answer.text
        found += answer.json["items"]
        after = answer.json["next"]
    return found


def test_what_happens_can_be_read_as_cloudevents_that_fit_the_contract(api_as):
    staff, admin = api_as("staff"), api_as("admin")
    made = staff.post("/api/v1/organisations", json={"name": "ООО «Волна»", "phone": "+74951234567"}).json
    staff.patch(f"/api/v1/organisations/{made['id']}", json={"city": "Тверь"})
    staff.delete(f"/api/v1/organisations/{made['id']}")
    events = everything(admin, subject=f"organisation/{made['id']}")
    assert [one["type"] for one in events] == [f"organisation.{verb}" for verb in ("created", "updated", "deleted")]
    for one in events:
        read_event(one)
        Draft202012Validator(schemas.schema("event"), format_checker=FormatChecker()).validate(one)
        Draft202012Validator(schemas.schema(f"event.{one['type']}")).validate(one["data"])
    assert events[1]["data"]["fields"] == ["city"]
    assert events[1]["dataschema"] == "urn:ostrov:contract:1.0.0:organisation.updated"


def test_an_event_holds_nothing_of_what_people_have_written(api_as):
    staff, admin = api_as("staff"), api_as("admin")
    person = {"full_name": "Зинаида Тайная", "phone": "+79161112233", "email": "zina@secret.example", "notes": "шёпот"}
    made = staff.post("/api/v1/people", json=person).json
    staff.patch(f"/api/v1/people/{made['id']}", json={"position": "Хранительница"})
    text = str(everything(admin, subject=f"person/{made['id']}"))
    for word in ("Зинаида", "Тайная", "79161112233", "zina", "шёпот", "Хранительница"):
        assert word not in text


def test_pages_of_events_follow_each_other_without_a_gap_or_a_double(api_as):
    staff, admin = api_as("staff"), api_as("admin")
    for number in range(8):
        staff.post("/api/v1/tasks", json={"title": f"Task {number}"})
    events = everything(admin, type="task.created")
    places = [one["sequence"] for one in events]
    assert len(events) >= 8
    assert places == sorted(set(places))
    assert everything(admin, type="task.created", limit=1) == events
    later = admin.get("/api/v1/events", query_string={"after": places[-1], "type": "task."}).json
    assert later == {"items": [], "next": None}


def test_types_can_be_asked_for_exactly_or_by_their_beginning(api_as):
    admin = api_as("admin")
    api_as("staff").post("/api/v1/people", json={"full_name": "Typed"})
    assert {one["type"] for one in everything(admin, type="person.")} >= {"person.created"}
    assert not [one for one in everything(admin, type="person.") if not one["type"].startswith("person.")]
    several = everything(admin, type=["person.created", "task.created"])
    assert {one["type"] for one in several} <= {"person.created", "task.created"}
    assert everything(admin, type="nothing.at_all") == []


def test_a_batch_of_cloudevents_is_answered_to_who_asks_for_it(api_as):
    admin = api_as("admin")
    api_as("staff").post("/api/v1/people", json={"full_name": "One"})
    api_as("staff").post("/api/v1/people", json={"full_name": "Two"})
    wanted = {"Accept": "application/cloudevents-batch+json"}
    answer = admin.get("/api/v1/events?limit=1&type=person.created", headers=wanted)
    assert answer.content_type == "application/cloudevents-batch+json"
    assert len(answer.get_json(force=True)) == 1
    assert 'rel="next"' in answer.headers["Link"]
    following = answer.headers["Link"].partition(">")[0].removeprefix("<")
    assert answer.get_json(force=True) != admin.get(following, headers=wanted).get_json(force=True)


@pytest.mark.parametrize(("who", "status"), [("admin", 200), ("officer", 200), ("staff", 403), ("head", 403)])
def test_events_are_for_those_who_run_or_watch_the_server(api_as, who, status):
    assert api_as(who).get("/api/v1/events").status_code == status


@pytest.mark.parametrize("after", ["x", "-1", "1" * 21, "١٢", "1;2"])
def test_a_place_that_is_none_is_refused_by_name(api_as, after):
    answer = api_as("admin").get("/api/v1/events", query_string={"after": after})
    assert (answer.status_code, answer.json["field"]) == (422, "after")


def test_a_far_place_is_simply_after_everything(api_as):
    assert api_as("admin").get("/api/v1/events", query_string={"after": "9" * 20}).json == {"items": [], "next": None}


def test_an_event_that_commits_late_is_never_behind_a_reader(app):
    """The first transaction writes its event first and commits last: it must come last in the feed."""
    slow, quick = app.parts.sessions(), app.parts.sessions()
    for session in (slow, quick):
        begin(session, SYSTEM)
    early = emit(slow, OrganisationCreated(910_001))
    slow.flush()
    emit(quick, DealCreated(910_002))
    quick.commit()
    with app.parts.sessions() as reader:
        seen = feed.after(reader, 0, limit=100_000)[-1]
        assert seen.event.subject == "deal/910002"
    slow.commit()
    with app.parts.sessions() as reader:
        missed = feed.after(reader, seen.position, limit=10)
    assert [placed.event.id for placed in missed] == [early.id]
    slow.close()
    quick.close()


def test_a_reader_beside_many_writers_misses_nothing(app):
    written, stop, found = [], threading.Event(), []

    def write(number):
        for turn in range(15):
            with app.parts.sessions() as session:
                begin(session, SYSTEM)
                event = emit(session, OrganisationCreated(920_000 + number * 100 + turn))
                session.flush()
                if turn % 5 == 4:
                    session.rollback()
                    continue
                session.commit()
                written.append(event.id)

    with app.parts.sessions() as session:
        start = max((placed.position for placed in feed.after(session, 0, limit=100_000)), default=0)

    def read():
        place = start
        while True:
            last = stop.is_set()
            with app.parts.sessions() as session:
                for placed in feed.after(session, place, limit=7):
                    found.append(placed.event.id)
                    place = placed.position
                    last = False
            if last:
                return

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    reader.join()
    assert sorted(map(str, found)) == sorted(map(str, written))
