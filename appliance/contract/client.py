"""Clients: organisations and people."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from appliance.contract.common import Listing, RecordId, Shown, Strict


class Organisation(Shown):
    """A company, institution or sole trader."""

    type: Literal["organisation"] = "organisation"
    id: int
    name: str
    industry: str = ""
    city: str = ""
    website: str = Field(default="", description="an http or https address, or empty")
    phone: str = Field(default="", description="E.164, with ;ext= and digits for an extension")
    email: str = Field(default="", description="lower case")
    tax_number: str = ""
    notes: str = ""
    owner_id: int | None = None
    team_id: int | None = None
    version: int = Field(description="counts the changes; send it back with a change to be told of others'")
    created_at: datetime
    updated_at: datetime


class Person(Shown):
    """A person, usually at an organisation."""

    type: Literal["person"] = "person"
    id: int
    full_name: str
    organisation_id: int | None = None
    position: str = ""
    phone: str = Field(default="", description="E.164, with ;ext= and digits for an extension")
    email: str = Field(default="", description="lower case")
    notes: str = ""
    owner_id: int | None = None
    team_id: int | None = None
    version: int = Field(description="counts the changes; send it back with a change to be told of others'")
    created_at: datetime
    updated_at: datetime


Client = Annotated[Organisation | Person, Field(discriminator="type")]


class NewOrganisation(Strict):
    """An organisation to add; without an owner it belongs to the caller."""

    name: str
    industry: str = ""
    city: str = ""
    website: str = ""
    phone: str = Field(default="", description="any usual way of writing; stored as E.164")
    email: str = ""
    tax_number: str = ""
    notes: str = ""
    owner_id: RecordId | None = None
    team_id: RecordId | None = None


class OrganisationChange(Strict):
    """The fields to change; what is not sent stays."""

    name: str | None = None
    industry: str | None = None
    city: str | None = None
    website: str | None = None
    phone: str | None = None
    email: str | None = None
    tax_number: str | None = None
    notes: str | None = None
    owner_id: RecordId | None = None
    team_id: RecordId | None = None
    version: int | None = Field(default=None, description="the version you saw; a stale one answers 409")


class NewPerson(Strict):
    """A person to add; without an owner the caller owns the record."""

    full_name: str
    organisation_id: RecordId | None = None
    position: str = ""
    phone: str = Field(default="", description="any usual way of writing; stored as E.164")
    email: str = ""
    notes: str = ""
    owner_id: RecordId | None = None
    team_id: RecordId | None = None


class PersonChange(Strict):
    """The fields to change; what is not sent stays."""

    full_name: str | None = None
    organisation_id: RecordId | None = None
    position: str | None = None
    phone: str | None = None
    email: str | None = None
    notes: str | None = None
    owner_id: RecordId | None = None
    team_id: RecordId | None = None
    version: int | None = Field(default=None, description="the version you saw; a stale one answers 409")


class OrganisationList(Listing[Organisation]):
    """One page of organisations."""


class PersonList(Listing[Person]):
    """One page of people."""
