"""Documents of other versions are read or refused by rule."""

from __future__ import annotations

import uuid

import pytest
from pydantic import ValidationError

from appliance.contract import version
from appliance.contract.client import NewPerson
from appliance.contract.event import DealChanged, read_event


@pytest.mark.parametrize("text", ["1", "1.0", "1.0.0", " 1.0.0 "])
def test_our_own_version_is_read_as_it_is(text):
    assert version.check(text) is False


@pytest.mark.parametrize("text", ["1.0.1", "1.1", "1.99.3"])
def test_a_newer_minor_version_is_read(text):
    assert version.check(text) is True


@pytest.mark.parametrize("text", ["2", "2.0.0", "10.1.0", "0.9.9"])
def test_another_major_version_is_refused_by_name_with_a_remedy(text):
    with pytest.raises(version.VersionRefused) as refused:
        version.check(text)
    assert text in str(refused.value)
    assert "pdate" in str(refused.value)


@pytest.mark.parametrize("text", ["", "one", "1.0.0.0", "v1", "1.-1", "01.0", "1.0.0-beta", "9" * 40, "1\n.0"])
def test_what_is_no_version_is_refused(text):
    with pytest.raises(version.VersionRefused):
        version.check(text)


def test_unknown_fields_are_ignored_only_inside_a_newer_document():
    with version.reading("1.9"):
        assert NewPerson.model_validate({"full_name": "A", "aura": "blue"}).full_name == "A"
    with version.reading("1.0.0"), pytest.raises(ValidationError):
        NewPerson.model_validate({"full_name": "A", "aura": "blue"})
    with pytest.raises(ValidationError):
        NewPerson.model_validate({"full_name": "A", "aura": "blue"})


def event(**more):
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": "/ostrov/crm",
        "type": "deal.updated",
        "subject": "deal/1",
        "time": "2026-11-20T10:00:00+03:00",
        "datacontenttype": "application/json",
        "dataschema": "urn:ostrov:contract:1.0.0:deal.updated",
        "sequence": "7".zfill(20),
        "data": {"deal_id": 1, "fields": ["amount"]},
    } | more


def test_an_event_is_read_with_its_typed_data():
    _event, data = read_event(event())
    assert isinstance(data, DealChanged)
    assert data.fields == ["amount"]


def test_an_event_of_a_newer_minor_version_keeps_what_is_not_known_yet():
    found, data = read_event(
        event(
            dataschema="urn:ostrov:contract:1.4.0:deal.updated",
            traceparent="00-1",
            data={"deal_id": 1, "fields": [], "pipeline": 3},
        )
    )
    assert data.model_extra == {"pipeline": 3}
    assert found.model_extra == {"traceparent": "00-1"}
    _found, other = read_event(event(type="ticket.opened", data={"ticket_id": 4}))
    assert other.model_extra == {"ticket_id": 4}


def test_an_event_of_a_newer_major_version_is_refused():
    with pytest.raises(version.VersionRefused, match=r"2\.0\.0"):
        read_event(event(dataschema="urn:ostrov:contract:2.0.0:deal.updated", data="another shape"))
    with pytest.raises(version.VersionRefused):
        read_event(event(dataschema="https://elsewhere.example/schema"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"specversion": "0.3"},
        {"time": "2026-11-20T10:00:00"},
        {"id": "not a uuid"},
        {"sequence": "7"},
        {"data": {"deal_id": "seven"}},
        {"data": {"fields": []}},
        {"type": ""},
    ],
    ids=str,
)
def test_an_event_that_does_not_fit_is_refused(wrong):
    with pytest.raises(ValidationError):
        read_event(event(**wrong))
