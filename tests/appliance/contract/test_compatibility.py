"""The published contract keeps its word: it equals the models, and no change breaks who built against it."""

from __future__ import annotations

import json
from typing import Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field, TypeAdapter, create_model

from appliance.contract import schemas
from appliance.contract.compatibility import breaks
from appliance.contract.version import CONTRACT_VERSION, parse

REMEDY = "run `ostrov contract export`, and raise CONTRACT_VERSION when the change goes beyond wording"
RELEASES = sorted(folder for folder in schemas.FOLDER.iterdir() if folder.is_dir())


@pytest.mark.parametrize("name", schemas.NAMES)
def test_the_published_file_of_the_present_version_is_what_the_models_say(name):
    path = schemas.FOLDER / CONTRACT_VERSION / f"{name}.json"
    assert path.exists(), f"{path} is missing: {REMEDY}"
    assert path.read_text(encoding="utf-8") == schemas.text_of(name), f"{path} has drifted: {REMEDY}"
    Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("folder", RELEASES, ids=lambda folder: folder.name)
def test_no_model_breaks_a_published_version_of_this_major_number(folder):
    if parse(folder.name).major != parse(CONTRACT_VERSION).major:
        pytest.skip("another major version may break")
    broken = []
    for path in sorted(folder.glob("*.json")):
        if path.stem not in schemas.NAMES:
            broken.append(f"{path.stem}: the part was removed")
            continue
        old = json.loads(path.read_text(encoding="utf-8"))
        found = breaks(old, schemas.schema(path.stem), schemas.direction(path.stem))
        broken += [f"{path.stem}: {sentence}" for sentence in found]
    assert not broken, f"incompatible with {folder.name}: {broken}; add beside the old instead, or raise the major"


class Client(BaseModel):
    """A small part of a contract, to be changed in every way."""

    name: str
    kind: Literal["person", "company"] = "person"
    phones: list[str] = Field(default_factory=list)
    age: int | None = None


def changed(**fields):
    kept = {name: (info.annotation, info) for name, info in Client.model_fields.items()}
    kept.update(fields)
    return create_model("Client", **{name: value for name, value in kept.items() if value is not None})


ANSWERED_BREAKS = {
    "a field removed": {"phones": None},
    "a field renamed": {"name": None, "title": (str, ...)},
    "a type changed": {"name": (int, ...)},
    "a new value": {"kind": (Literal["person", "company", "robot"], "person")},
    "null where there was none": {"name": (str | None, ...)},
    "other elements": {"phones": (list[int], [])},
}
TAKEN_BREAKS = {
    "a field removed": {"age": None},
    "a field renamed": {"age": None, "years": (int | None, None)},
    "a required field added": {"city": (str, ...)},
    "a field made required": {"phones": (list[str], ...)},
    "a value refused": {"kind": (Literal["person"], "person")},
    "a shorter text": {"name": (str, Field(max_length=10))},
    "null refused": {"age": (int, 1)},
}
HARMLESS = {
    "a field with a default added": {"city": (str, "")},
    "another description": {"name": (str, Field(description="as it is written"))},
}


def compare(fields, mode):
    return breaks(
        TypeAdapter(Client).json_schema(mode=mode), TypeAdapter(changed(**fields)).json_schema(mode=mode), mode
    )


@pytest.mark.parametrize("case", ANSWERED_BREAKS)
def test_an_answer_may_not_have(case):
    assert compare(ANSWERED_BREAKS[case], "serialization")


@pytest.mark.parametrize("case", TAKEN_BREAKS)
def test_an_input_may_not_have(case):
    assert compare(TAKEN_BREAKS[case], "validation")


@pytest.mark.parametrize("case", HARMLESS)
@pytest.mark.parametrize("mode", ["serialization", "validation"])
def test_anybody_may_live_with(case, mode):
    assert compare(HARMLESS[case], mode) == []


@pytest.mark.parametrize("name", schemas.NAMES)
def test_every_part_is_compatible_with_itself(name):
    assert breaks(schemas.schema(name), schemas.schema(name), schemas.direction(name)) == []


def test_an_answer_may_leave_values_out_and_an_input_may_take_more():
    narrower = {"kind": (Literal["person"], "person")}
    wider = {"kind": (Literal["person", "company", "robot"], "person")}
    assert compare(narrower, "serialization") == []
    assert compare(wider, "validation") == []
