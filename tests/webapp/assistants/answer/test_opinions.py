"""What people think of an answer: asked for, kept, told to the log of runs, counted on the board."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from tests.webapp.assistants.answer.conftest import Twin, the_run
from webapp.ai.proposals.models import Opinion
from webapp.app import App
from webapp.assistants.answer import opinions
from webapp.kit.jobs import Work
from webapp.kit.outbox import OutboxEvent


def opinion_of(app: App, run_id: str) -> Opinion | None:
    with app.parts.sessions() as session:
        return session.get(Opinion, run_id)


def answered(app: App, twin: Twin, client: FlaskClient) -> tuple[str, str]:
    """The run of an answer, and the answer as it is drawn."""
    twin.word = "120"
    told = client.post("/assistant/ask", data={"question": "What is the amount of Forklifts for Leeds?"}).text
    return the_run(app), told


def test_an_answer_asks_whether_it_was_useful_and_takes_the_reason(app, twin, client_as):
    staff = client_as("staff")
    run_id, told = answered(app, twin, staff)
    address = f"/assistant/answers/{run_id}/opinion"
    assert address in told
    htmx = {"HX-Request": "true"}
    said = staff.post(address, data={"opinion": "useless"}, headers=htmx)
    assert said.status_code == 200
    assert "What was wrong?" in said.text
    again = staff.post(address, data={"opinion": "useless", "reason": "outdated"}, headers=htmx).text
    # The button that was pressed keeps its id, and with it the keyboard's focus when the part is drawn anew.
    assert all(f'id="{name}-{run_id}"' in text for name in ("useless", "outdated") for text in (said.text, again))
    kept = opinion_of(app, run_id)
    assert (kept.useful, kept.reason) == (False, "outdated")
    said = staff.post(address, data={"opinion": "useful"}, headers=htmx).text
    assert "What was wrong?" not in said
    assert 'aria-pressed="true"' in said
    assert opinion_of(app, run_id).useful


def test_without_scripts_an_opinion_leads_to_the_page_of_the_answer(app, twin, client_as):
    staff = client_as("staff")
    run_id, _told = answered(app, twin, staff)
    answer = staff.post(f"/assistant/answers/{run_id}/opinion", data={"opinion": "useless"})
    assert answer.status_code == 303
    page = staff.get(answer.headers["Location"])
    assert "What was wrong?" in page.text
    assert "Thank you" in page.text


def test_nobody_else_has_an_opinion_on_an_answer(app, twin, client_as):
    run_id, _told = answered(app, twin, client_as("staff"))
    for other in ("colleague", "head", "admin"):
        refused = client_as(other).post(f"/assistant/answers/{run_id}/opinion", data={"opinion": "useful"})
        assert refused.status_code == 404
    assert opinion_of(app, run_id) is None


@pytest.mark.parametrize(
    "form",
    [{}, {"opinion": "great"}, {"opinion": "useless", "reason": "<b>"}, {"opinion": "useful", "reason": "wrong"}],
)
def test_an_opinion_that_does_not_exist_is_refused(app, twin, client_as, form):
    staff = client_as("staff")
    run_id, _told = answered(app, twin, staff)
    assert staff.post(f"/assistant/answers/{run_id}/opinion", data=form).status_code == 422
    assert opinion_of(app, run_id) is None


def test_an_opinion_is_told_to_the_log_of_runs_with_its_reason(app, twin, client_as):
    staff = client_as("staff")
    run_id, _told = answered(app, twin, staff)
    staff.post(f"/assistant/answers/{run_id}/opinion", data={"opinion": "useless", "reason": "source"})
    with app.parts.sessions() as session:
        newest = session.query(OutboxEvent).filter_by(type="answer.judged").order_by(OutboxEvent.time.desc()).first()
    work = Work(app.parts.sessions, {"gateway": twin})
    for _ in range(2):
        opinions.tell(work, newest)
    assert {verdict["id"] for verdict in twin.verdicts[run_id]} == {str(newest.id)}
    (verdict, *_again) = twin.verdicts[run_id]
    assert (verdict["field"], verdict["verdict"], verdict["final"]) == ("answer", "rejected", "source")
    assert "120" not in json.dumps(newest.data)


def test_the_quality_board_counts_opinions_by_reason(app, twin, client_as):
    staff = client_as("staff")
    run_id, _told = answered(app, twin, staff)
    staff.post(f"/assistant/answers/{run_id}/opinion", data={"opinion": "useless", "reason": "incomplete"})
    rows = client_as("head").get("/admin/quality/export.json", query_string={"module": "answer"})
    assert {"module": "answer", "useful": False, "reason": "incomplete", "answers": 1} in rows.json["opinions"]
    page = client_as("head").get("/admin/quality", query_string={"module": "answer"}).text
    assert "Something is missing" in page
