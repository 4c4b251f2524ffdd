"""The seeded generator of the sample company: the same seed and day make the same clients, deals and talks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from babel.dates import format_date

from webapp.sample import pools

Row = dict[str, Any]
STAGE_WEIGHTS = (22, 20, 17, 12, 18, 11)  # new, qualified, offer, negotiation, won, lost
OWNER_WEIGHTS = {"staff": 40, "oleg": 25, "irina": 18, "david": 12, "head": 5}


@dataclass(frozen=True)
class Colleague:
    """An account that may own records."""

    id: int
    username: str
    team_id: int | None


def latin(text: str) -> str:
    """A Russian word in Latin letters, for addresses."""
    return "".join(pools.LATIN.get(letter, letter) for letter in text.lower() if letter.isalnum())


class Generator:
    """Makes rows with ids of their own, table by table, so that any size can be written in bulk."""

    def __init__(self, seed: int, moment: datetime, colleagues: list[Colleague]) -> None:
        """`moment` is "now" for the company: talks lie before it, tasks around it."""
        # Believable, not secret: a seeded generator is the point.
        self.random = random.Random(seed)  # noqa: S311
        self.moment = moment.replace(minute=0, second=0, microsecond=0)
        self.colleagues = [c for c in colleagues if c.username in OWNER_WEIGHTS]
        self.weights = [OWNER_WEIGHTS[c.username] for c in self.colleagues]
        self.used_names: set[str] = set()

    def _owner(self) -> Colleague:
        return self.random.choices(self.colleagues, self.weights)[0]

    def _record(self, number: int, owner: Colleague, created: datetime, **values: Any) -> Row:
        updated = created + (self.moment - created) * self.random.random()
        base = {
            "id": number,
            "owner_id": owner.id,
            "team_id": owner.team_id,
            "created_at": created,
            "updated_at": updated,
        }
        return base | values

    def _past(self, days: int) -> datetime:
        return self.moment - timedelta(minutes=self.random.randrange(60, days * 24 * 60))

    def _working_hour(self, moment: datetime) -> datetime:
        """The same day between nine and six in the company's zone, never later than now."""
        local = moment.astimezone(self.moment.tzinfo)
        hour = self.random.randrange(9, 18)
        return min(local.replace(hour=hour, minute=self.random.randrange(0, 60, 5), second=0), self.moment)

    def _organisation_name(self, russian: bool, number: int) -> str:
        pick = self.random.choice
        for _ in range(20):
            if russian:
                name = f"{pick(pools.RU_FORMS)} «{pick(pools.RU_FIRST)}{pick(pools.RU_SECOND)}»"
            else:
                name = f"{pick(pools.EN_FIRST)} {pick(pools.EN_SECOND)}"
            if name not in self.used_names:
                break
        else:
            name = f"{name} {number}"
        self.used_names.add(name)
        return name

    def organisations(self, count: int) -> Iterator[Row]:
        """Organisations, two thirds of them Russian."""
        for number in range(1, count + 1):
            russian = self.random.random() < 0.66
            name = self._organisation_name(russian, number)
            industry = self.random.choice(pools.INDUSTRIES)[russian]
            site = f"{latin(name.split('«')[-1])}.example"
            yield self._record(
                number, self._owner(), self._past(900), name=name, industry=industry,
                city=self.random.choice(pools.RU_CITIES if russian else pools.EN_CITIES),
                website=site, email=f"info@{site}", phone=self._phone(russian),
                tax_number=self._tax_number() if russian else "", notes="",
            )  # fmt: skip

    def _phone(self, russian: bool) -> str:
        digits = self.random.randrange
        if russian:
            return f"+7495{digits(1000000, 9999999)}"
        return f"+4420794601{digits(10, 99)}" if digits(4) == 0 else f"+44161496{digits(1000, 9999)}"

    def _tax_number(self) -> str:
        """A ten-digit INN with its check digit."""
        digits = [self.random.randrange(1, 9), *(self.random.randrange(10) for _ in range(8))]
        check = sum(d * w for d, w in zip(digits, (2, 4, 10, 3, 5, 9, 4, 6, 8), strict=True)) % 11 % 10
        return "".join(map(str, [*digits, check]))

    def people(self, count: int, organisations: list[Row]) -> Iterator[Row]:
        """People, one to four an organisation."""
        pick = self.random.choice
        for number in range(1, count + 1):
            home = organisations[(number - 1) % len(organisations)]
            russian = "«" in home["name"]
            if russian:
                woman = self.random.random() < 0.5
                surname = pick(pools.RU_SURNAMES)
                first = pick(pools.RU_WOMEN if woman else pools.RU_MEN)
                name = f"{first} {surname}{'а' if woman else ''}"
            else:
                first, surname = pick(pools.EN_NAMES), pick(pools.EN_SURNAMES)
                name = f"{first} {surname}"
            owner = next(c for c in self.colleagues if c.id == home["owner_id"])
            yield self._record(
                number, owner, home["created_at"], full_name=name, organisation_id=home["id"],
                position=pick(pools.POSITIONS)[russian], phone=self._phone(russian).replace("+7495", "+7916"),
                email=f"{latin(first)[:1]}.{latin(surname)}@{home['website']}", notes="",
            )  # fmt: skip

    def deals(self, count: int, people: list[Row], organisations: dict[int, Row], stages: list[Row]) -> Iterator[Row]:
        """Deals with one or two products each; items under the key "items"."""
        for number in range(1, count + 1):
            person = self.random.choice(people)
            home = organisations[person["organisation_id"]]
            russian = "«" in home["name"]
            created = max(self._past(240), person["created_at"])
            stage = self.random.choices(stages, STAGE_WEIGHTS)[0]
            items = [self._item() for _ in range(self.random.choice((1, 1, 1, 2)))]
            amount = sum((item["price"] * item["quantity"] for item in items), Decimal(0))
            first = items[0]
            label = first["alias"] if russian else first["product_name"]
            close = (created + timedelta(days=self.random.randrange(20, 120))).date()
            owner = next(c for c in self.colleagues if c.id == home["owner_id"])
            yield self._record(
                number, owner, created, title=f"{label[:1].upper()}{label[1:]} × {first['quantity']}", notes="",
                organisation_id=home["id"], person_id=person["id"], stage_id=stage["id"], amount=amount, currency="RUB",
                expected_close=close, items=items,
            )  # fmt: skip

    def _item(self) -> Row:
        index = self.random.randrange(len(pools.PRODUCTS))
        name, aliases, unit, price = pools.PRODUCTS[index]
        quantity = (
            self.random.choice((100, 200, 350, 500)) if unit == "m" else self.random.choice((1, 2, 2, 3, 4, 6, 8, 12))
        )
        return {
            "product_id": index + 1, "product_name": name, "alias": aliases[0], "quantity": quantity, "unit": unit,
            "price": Decimal(price),
        }  # fmt: skip

    def communications(self, count: int, deals: list[Row], people: dict[int, Row]) -> Iterator[Row]:
        """E-mails, calls, meetings, messages and notes about deals."""
        for number in range(1, count + 1):
            deal = self.random.choice(deals)
            person = people[deal["person_id"]]
            russian = any("а" <= letter.lower() <= "я" for letter in person["full_name"])
            item = deal["items"][0]
            talks = pools.SERVICE_TALKS if item["unit"] in pools.SERVICE_UNITS else pools.TALKS
            kind, subject_en, body_en, subject_ru, body_ru = self.random.choice(talks)
            when = self._working_hour(max(deal["created_at"], self._past(200)))
            words = {
                "product": item["alias"] if russian else item["product_name"],
                "quantity": item["quantity"],
                "unit": {"m": "м", "year": "год", "visit": "выезд"}.get(item["unit"], "шт.")
                if russian
                else item["unit"],
                "name": person["full_name"],
                "when": format_date((when + timedelta(days=14)).date(), "d MMMM", locale="ru" if russian else "en"),
            }
            owner = next(c for c in self.colleagues if c.id == deal["owner_id"])
            yield self._record(
                number, owner, when, kind=kind, direction=self.random.choice(("in", "out")), occurred_at=when,
                subject=subject_ru if russian else subject_en, body=(body_ru if russian else body_en).format(**words),
                summary="", language="ru" if russian else "en", organisation_id=deal["organisation_id"],
                person_id=person["id"], deal_id=deal["id"], state="done",
            )  # fmt: skip

    def tasks(self, count: int, deals: list[Row], people: dict[int, Row]) -> Iterator[Row]:
        """Tasks around today: some overdue, most ahead, the old ones done."""
        for number in range(1, count + 1):
            deal = self.random.choice(deals)
            person = people[deal["person_id"]]
            russian = any("а" <= letter.lower() <= "я" for letter in person["full_name"])
            due = self.moment.replace(hour=self.random.choice((9, 10, 11, 14, 15, 16))) + timedelta(
                days=int(self.random.gauss(1, 9))
            )
            is_old = due < self.moment
            done = due - timedelta(hours=3) if is_old and self.random.random() < 0.85 else None
            item = deal["items"][0]
            words = {"product": item["alias"] if russian else item["product_name"], "name": person["full_name"]}
            owner = next(c for c in self.colleagues if c.id == deal["owner_id"])
            yield self._record(
                number, owner, min(due - timedelta(days=3), self.moment),
                due_at=due, done_at=done, all_day=False, notes="",
                title=self.random.choice(pools.TASKS)[russian].format(**words), organisation_id=deal["organisation_id"],
                person_id=person["id"], deal_id=deal["id"],
            )  # fmt: skip
