"""A recording keeps its worth while AI features are switched off."""

from __future__ import annotations

import pytest

from webapp.ai.gateway import FeatureOff
from webapp.ai.switches import switches
from webapp.crm.communications.models import Communication, Segment


@pytest.fixture
def off(app, twin):
    def switch(*features):
        twin.off = dict.fromkeys(features, "We try without")
        switches(app.parts.gateway).forget()

    yield switch
    switch()


def state(app, call):
    with app.parts.sessions() as session:
        found = session.get(Communication, call)
        return found.state, found.state_detail, session.query(Segment).filter_by(communication_id=call).count()


def filed(upload):
    return int(upload().headers["Location"].rsplit("/", 1)[1])


def test_with_the_reading_off_a_recording_is_kept_and_transcribed_only(*, app, upload, work, twin, off, client_as):
    off("call_card")
    call = filed(upload)
    work()
    assert [name for name, _given in twin.asked] == ["transcribe"]
    found = state(app, call)
    assert found[0] == "understood"
    assert found[2] > 0
    page = client_as("staff").get(f"/communications/{call}").text
    assert "The reading of calls is switched off" in page
    assert client_as("staff").get(f"/communications/{call}/recording").status_code == 200


def test_switched_on_again_the_call_can_be_read(*, app, upload, work, twin, off, client_as):
    off("call_card")
    call = filed(upload)
    work()
    off()
    client_as("staff").post(f"/communications/{call}/understand")
    work()
    assert [name for name, _given in twin.asked] == ["transcribe", "call_card"]
    assert state(app, call)[1] == ""


def test_with_transcription_off_no_model_is_asked_and_the_recording_waits(*, app, upload, work, twin, off, client_as):
    off("transcription")
    call = filed(upload)
    work()
    assert twin.asked == []
    assert state(app, call)[0] == "failed"
    assert "Transcription is switched off" in client_as("staff").get(f"/communications/{call}").text
    off()
    client_as("staff").post(f"/communications/{call}/retry")
    work()
    assert state(app, call)[0] == "understood"


def test_a_switch_turned_while_a_call_is_on_its_way_is_obeyed(app, upload, work, twin):
    twin.raises["run"] = FeatureOff()
    call = filed(upload)
    work()
    assert "switched off" in state(app, call)[1]
