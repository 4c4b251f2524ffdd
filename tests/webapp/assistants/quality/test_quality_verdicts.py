"""What people decide reaches the gateway's log: once, with its edit distance, and later when the gateway is away."""

from __future__ import annotations

import uuid

import pytest

from webapp.ai.proposals.models import Proposal
from webapp.assistants.quality.jobs import VERDICTS, tell_verdicts
from webapp.kit.jobs import WaitForPart, Work
from webapp.kit.outbox import OutboxEvent


@pytest.fixture
def judged(app, twin):
    """A proposal that somebody edited, its run in the log, and the event that tells of it."""
    run = twin.log_run("call_card", {"type": "communication", "id": "1"}, {})
    with app.parts.sessions() as session:
        proposal = Proposal(
            run_id=run["id"], subject_type="communication", subject_id=1, module="call_card", module_version="1",
            model="m", field="budget", value=90000, final_value=80000, display="1", quote="one", second=0.0,
            confidence=0.5, state="edited",
        )  # fmt: skip
        session.add(proposal)
        session.flush()
        verdict = {"proposal_id": proposal.id, "field": "budget", "verdict": "edited", "edit_distance": 0.2}
        event = OutboxEvent(
            id=uuid.uuid4(), type="run.judged", subject="communication/1", time=proposal.created_at, actor_id=1,
            data={"communication_id": 1, "run_id": run["id"], "verdicts": [verdict]},
        )  # fmt: skip
        session.add(event)
        session.commit()
        session.expunge_all()
        return event


def test_a_verdict_arrives_with_value_final_and_distance(app, twin, judged):
    tell_verdicts(Work(app.parts.sessions, app.parts.for_jobs()), judged)
    (told,) = twin.verdicts.values()
    assert (told["verdict"], told["value"], told["final"], told["edit_distance"]) == ("edited", 90000, 80000, 0.2)
    assert told["actor"] == "1"


def test_telling_it_again_changes_nothing(app, twin, judged):
    work = Work(app.parts.sessions, app.parts.for_jobs())
    tell_verdicts(work, judged)
    tell_verdicts(work, judged)
    assert len(twin.verdicts) == 1


def test_a_gateway_that_is_away_is_told_later(app, twin, judged):
    work = Work(app.parts.sessions, app.parts.for_jobs())
    twin.down = True
    with pytest.raises(WaitForPart):
        tell_verdicts(work, judged)
    twin.down = False
    tell_verdicts(work, judged)
    assert len(twin.verdicts) == 1


def test_a_run_past_its_retention_is_let_go(app, twin, judged):
    twin.runs.clear()
    tell_verdicts(Work(app.parts.sessions, app.parts.for_jobs()), judged)
    assert twin.verdicts == {}


def test_the_subscriber_belongs_to_the_product(app):
    assert VERDICTS in app.parts.outbox.by_name
