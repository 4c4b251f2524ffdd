"""Tasks and the home page: parts of the day, completing, API and rights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from webapp.crm.tasks import queries, service
from webapp.crm.tasks.messages import CreateTask
from webapp.crm.tasks.models import Task
from webapp.crm.tasks.queries import Day
from webapp.kit.changes import begin
from webapp.kit.clock import now


def add(session, who, title, **more):
    begin(session, who)
    made = service.create(session, who, CreateTask(title=title, **more))
    session.commit()
    return made


def test_a_task_falls_into_the_part_of_its_day(session, actor):
    staff, day = actor("staff"), Day.today()
    cases = {
        "overdue": {"due_at": day.begin - timedelta(days=1)},
        "today": {"due_at": day.begin},
        "upcoming": {"due_at": day.end},
        "someday": {"due_at": None},
    }
    for part, due in cases.items():
        task = add(session, staff, f"часть {part}", **due)
        assert day.part_of(task) == part
        found = queries.part(session, staff, queries.matching(staff, "часть"), part, day=day, after=None, limit=10)
        assert [one.title for one in found.rows] == [f"часть {part}"]


def test_an_hour_that_has_passed_is_overdue_on_the_same_day(session, actor):
    day = Day(datetime(2026, 3, 4, 12, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC))
    at_noon = Task(title="x", due_at=datetime(2026, 3, 4, 11, tzinfo=UTC), all_day=False)
    whole_day = Task(title="x", due_at=datetime(2026, 3, 4, tzinfo=UTC), all_day=True)
    assert (day.part_of(at_noon), day.part_of(whole_day)) == ("overdue", "today")


def test_a_quick_task_is_added_from_a_card_and_stands_there(client_as, api_as, session):
    firm = api_as("staff").post("/api/v1/organisations", json={"name": "Клиент"}).json["id"]
    client = client_as("staff")
    form = {"title": "Позвонить завтра", "due_at": "2030-01-15", "place": "organisation", "organisation_id": firm}
    answer = client.post("/tasks/quick", data=form)
    assert answer.headers["Location"].endswith(f"/organisations/{firm}")
    assert "Позвонить завтра" in client.get(f"/organisations/{firm}/tasks").get_data(as_text=True)
    stored = session.query(Task).filter_by(title="Позвонить завтра").one()
    assert stored.all_day
    assert stored.due_at == datetime(2030, 1, 14, 21, tzinfo=UTC)
    assert client.post("/tasks/quick", data={"title": " ", "place": "home"}).status_code == 422


def test_one_click_completes_a_task_and_another_opens_it_again(client_as, session, actor):
    task = add(session, actor("staff"), "Сделать")
    client = client_as("staff")
    row = client.post(f"/tasks/{task.id}/complete", data={"done": "1"}, headers={"HX-Request": "true"})
    assert "is-done" in row.get_data(as_text=True)
    assert client.post(f"/tasks/{task.id}/complete", data={"done": "1"}).status_code == 303
    session.refresh(task)
    assert task.done_at is not None
    client.post(f"/tasks/{task.id}/complete", data={"done": "0"})
    session.refresh(task)
    assert task.done_at is None


def test_a_stranger_neither_sees_nor_completes_the_task(client_as, api_as, session, actor):
    task = add(session, actor("staff"), "Чужое дело")
    stranger = client_as("stranger")
    assert stranger.get(f"/tasks/{task.id}").status_code == 404
    assert stranger.post(f"/tasks/{task.id}/complete").status_code == 404
    assert "Чужое" not in stranger.get("/tasks?all=1").get_data(as_text=True)
    assert api_as("stranger").get(f"/api/v1/tasks/{task.id}").status_code == 404


def test_the_home_page_shows_what_is_due_and_keeps_what_is_not(client_as, session, actor):
    add(session, actor("head"), "На сегодня точно", due_at=Day.today().begin)
    add(session, actor("head"), "Через месяц", due_at=now() + timedelta(days=30))
    page = client_as("head").get("/").get_data(as_text=True)
    assert "На сегодня точно" in page
    assert "Через месяц" not in page


def test_every_persona_has_a_home_page(client_as):
    for username in ("staff", "colleague", "stranger", "head", "admin", "officer"):
        assert client_as(username).get("/").status_code == 200, username


def test_the_api_adds_completes_and_deletes_a_task(api_as):
    api = api_as("staff")
    made = api.post("/api/v1/tasks", json={"title": "Via API", "due_at": "2030-01-15"})
    assert made.status_code == 201, made.json
    assert made.json["due_at"].startswith("2030-01-14T21:00")
    address = made.headers["Location"]
    done = api.patch(address, json={"done": True})
    assert done.json["done_at"]
    assert api.patch(address, json={"done": False}).json["done_at"] is None
    assert api.patch(address, json={"due_at": "soon"}).status_code == 422
    assert api.patch(address, json={"deal_id": 999999}).json["field"] == "deal_id"
    assert made.json["id"] in [item["id"] for item in api.get("/api/v1/tasks?mine=true").json["items"]]
    assert api.delete(address).status_code == 204


def test_home_and_list_stay_within_their_budget_of_statements(client_as, statements):
    client = client_as("staff")
    for address in ("/", "/tasks"):
        with statements() as seen:
            assert client.get(address).status_code == 200
        assert len(seen) <= 10, seen
