"""What people decide about a call's values flows back to the log of its run."""

from __future__ import annotations

import pytest

from webapp.ai.gateway import ModelUnavailable
from webapp.ai.proposals.models import Proposal
from webapp.crm.communications.models import Communication


@pytest.fixture
def call(upload, work, twin):
    found = int(upload().headers["Location"].rsplit("/", 1)[1])
    work()
    return found


def numbers(app, call):
    with app.parts.sessions() as session:
        return {p.field: p.id for p in session.query(Proposal).filter_by(subject_id=call)}


def told(twin):
    return [(v["field"], v["verdict"], v["edit_distance"]) for v in twin.verdicts.values()]


def test_accepting_editing_and_rejecting_each_tell_their_verdict(app, client_as, call, work, twin):
    staff, of = client_as("staff"), numbers(app, call)
    staff.post(f"/proposals/{of['phone']}/accept")
    staff.post(f"/proposals/{of['budget']}/accept", data={"value": "80000"})
    staff.post(f"/proposals/{of['sentiment']}/reject")
    work()
    assert told(twin) == [("phone", "accepted", 0.0), ("budget", "edited", 0.2), ("sentiment", "rejected", None)]
    with app.parts.sessions() as session:
        run_id = session.get(Communication, call).run_id
        assert session.get(Proposal, of["budget"]).edit_distance == 0.2
    assert {verdict["run"] for verdict in twin.verdicts.values()} == {run_id}


def test_an_undo_takes_the_verdicts_back(app, client_as, call, work, twin):
    staff = client_as("staff")
    staff.post(f"/communications/{call}/accept")
    work()
    accepted = len(told(twin))
    assert accepted
    staff.post(f"/communications/{call}/undo")
    work()
    assert [verdict for _field, verdict, _distance in told(twin)[accepted:]] == ["undone"] * accepted
    with app.parts.sessions() as session:
        assert {p.edit_distance for p in session.query(Proposal).filter_by(subject_id=call)} == {None}


def test_a_gateway_that_is_away_hears_it_when_it_is_back(app, client_as, call, work, twin):
    client_as("staff").post(f"/proposals/{numbers(app, call)['phone']}/accept")
    twin.raises["verdicts"] = ModelUnavailable("off")
    work()
    assert told(twin) == []
    twin.raises["verdicts"] = None
    work()
    assert told(twin) == [("phone", "accepted", 0.0)]
