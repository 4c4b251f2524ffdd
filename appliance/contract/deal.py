"""Deals, their items and stages, and the catalogue of products."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from appliance.contract.common import Listing, Number, RecordId, Shown, Strict

Amount = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2)]
Quantity = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=3)]


class Stage(Shown):
    """A step of the pipeline."""

    id: int
    key: str
    name_en: str
    name_ru: str
    position: int
    kind: Literal["open", "won", "lost"]
    probability: int


class DealItem(Shown):
    """A product in a deal; `product_id` is null when the product is not in the catalogue."""

    product_id: int | None = None
    product_name: str
    quantity: Number | None = None
    price: Number | None = Field(default=None, description="for one unit, in the deal's currency")


class Deal(Shown):
    """A sale in the making."""

    type: Literal["deal"] = "deal"
    id: int
    title: str
    organisation_id: int | None = None
    person_id: int | None = None
    stage_id: int | None = None
    stage: str | None = Field(default=None, description="the key of the stage")
    amount: Number | None = None
    currency: str = Field(default="RUB", description="ISO 4217")
    expected_close: date | None = None
    notes: str = ""
    items: list[DealItem] = Field(default_factory=list)
    owner_id: int | None = None
    team_id: int | None = None
    version: int = Field(description="counts the changes; send it back with a change to be told of others'")
    created_at: datetime
    updated_at: datetime


class NewDealItem(Strict):
    """A product of a deal: by its id in the catalogue, or by name; without a price the catalogue's price counts."""

    product_id: RecordId | None = None
    product_name: str = ""
    quantity: Quantity | None = None
    price: Amount | None = None


class NewDeal(Strict):
    """A deal to add; without a stage it starts in the first."""

    title: str
    organisation_id: RecordId | None = None
    person_id: RecordId | None = None
    stage_id: RecordId | None = None
    stage: str | None = Field(default=None, description="the key of the stage, instead of stage_id")
    amount: Amount | None = None
    currency: str = "RUB"
    expected_close: date | None = None
    notes: str = ""
    items: list[NewDealItem] = Field(default_factory=list, max_length=100)
    owner_id: RecordId | None = None
    team_id: RecordId | None = None


class DealChange(Strict):
    """The fields to change; what is not sent stays. `items` replaces all items."""

    title: str | None = None
    organisation_id: RecordId | None = None
    person_id: RecordId | None = None
    stage_id: RecordId | None = None
    stage: str | None = None
    amount: Amount | None = None
    currency: str | None = None
    expected_close: date | None = None
    notes: str | None = None
    items: list[NewDealItem] | None = Field(default=None, max_length=100)
    owner_id: RecordId | None = None
    team_id: RecordId | None = None
    version: int | None = Field(default=None, description="the version you saw; a stale one answers 409")


class Product(Shown):
    """Something the company sells."""

    type: Literal["product"] = "product"
    id: int
    name: str
    aliases: list[str] = Field(default_factory=list, description="other names by which people ask for it")
    unit: str = ""
    price: Number | None = None
    currency: str = "RUB"
    version: int
    created_at: datetime
    updated_at: datetime


class NewProduct(Strict):
    """A product to add."""

    name: str
    aliases: list[str] = Field(default_factory=list)
    unit: str = ""
    price: Amount | None = None
    currency: str = "RUB"


class ProductChange(Strict):
    """The fields to change; what is not sent stays."""

    name: str | None = None
    aliases: list[str] | None = None
    unit: str | None = None
    price: Amount | None = None
    currency: str | None = None
    version: int | None = None


class DealList(Listing[Deal]):
    """One page of deals."""


class StageList(Listing[Stage]):
    """The pipeline, in order."""


class ProductList(Listing[Product]):
    """One page of products."""
