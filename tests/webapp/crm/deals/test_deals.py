"""Deals: board, products, amounts, API and rights."""

from __future__ import annotations

from decimal import Decimal

import pytest

from webapp.crm.deals import service
from webapp.crm.deals.messages import CreateDeal, Item, SetItems
from webapp.crm.deals.models import Deal, Stage
from webapp.crm.products.models import Product
from webapp.kit.changes import begin


def add(client, **fields):
    response = client.post("/deals", data={"title": "Насос × 3", "currency": "RUB", **fields})
    assert response.status_code == 303, response.get_data(as_text=True)[:800]
    return int(response.headers["Location"].rsplit("/", 1)[1])


@pytest.fixture(scope="module")
def pump(app):
    with app.parts.sessions() as session:
        product = Product(name="Насос НЦ-50", aliases=["насос"], price=Decimal("186000.00"), currency="RUB")
        session.add(product)
        session.commit()
        return product.id


def test_a_deal_starts_in_the_first_stage_and_moves_by_a_click(client_as, session):
    client = client_as("staff")
    made = add(client, amount="1 200 000,50")
    stored = session.get(Deal, made)
    stages = session.query(Stage).order_by(Stage.position).all()
    assert (stored.stage_id, stored.amount) == (stages[0].id, Decimal("1200000.50"))
    board = client.post(f"/deals/{made}/move", data={"stage": stages[2].id}, headers={"HX-Request": "true"})
    assert 'class="board"' in board.get_data(as_text=True)
    assert client.post(f"/deals/{made}/move", data={"stage": "999"}).status_code == 422
    session.refresh(stored)
    assert stored.stage_id == stages[2].id


def test_the_board_has_a_column_for_each_stage_and_pages_by_key(client_as, session, actor):
    first = session.query(Stage).order_by(Stage.position).first()
    who = actor("head")
    session.add_all(
        [Deal(title=f"Доска {i:02}", stage_id=first.id, owner_id=who.id, team_id=who.team_id) for i in range(20)]
    )
    session.commit()
    client = client_as("head")
    page = client.get("/deals/board?mine=1").get_data(as_text=True)
    assert page.count('class="board-col"') == 6
    shown = {f"Доска {i:02}" for i in range(20) if f"Доска {i:02}" in page}
    assert len(shown) == 12
    start = page.find("/deals/board/")
    more = client.get(page[start : page.find('"', start)].replace("&amp;", "&")).get_data(as_text=True)
    assert shown | {f"Доска {i:02}" for i in range(20) if f"Доска {i:02}" in more} == {
        f"Доска {i:02}" for i in range(20)
    }


def test_products_of_the_catalogue_bring_their_price_and_the_amount_follows(client_as, session, pump):
    client = client_as("staff")
    made = add(client)
    rows = {
        "product-0": "насос нц-50",
        "quantity-0": "3",
        "price-0": "",
        "product-1": "Монтаж",
        "quantity-1": "1",
        "price-1": "10 000",
    }
    assert client.post(f"/deals/{made}/items", data={**rows, "version": "1"}).status_code == 303
    deal = session.get(Deal, made)
    assert deal.amount == Decimal("568000.00")
    assert client.post(f"/deals/{made}/items", data={**rows, "version": "1"}).status_code == 409
    page = client.get(f"/deals/{made}").get_data(as_text=True)
    assert "Насос НЦ-50" in page
    assert "Монтаж" in page


def test_a_wrong_quantity_is_told_and_the_typed_rows_stay(client_as):
    client = client_as("staff")
    made = add(client)
    answer = client.post(f"/deals/{made}/items", data={"product-0": "Кабель", "quantity-0": "много", "price-0": "5"})
    assert answer.status_code == 422
    assert 'value="Кабель"' in answer.get_data(as_text=True)
    assert "много" in answer.get_data(as_text=True)


def test_an_amount_that_a_person_typed_does_not_follow_the_products(session, actor, pump):
    staff = actor("staff")
    begin(session, staff)
    deal = service.create(session, staff, CreateDeal(title="Свой итог", amount="500"))
    service.set_items(session, staff, SetItems(deal.id, [Item(product_id=pump, quantity=2)]))
    assert deal.amount == Decimal("500.00")
    other = service.create(session, staff, CreateDeal(title="Наш итог"), by_person=False)
    service.set_items(session, staff, SetItems(other.id, [Item(product_id=pump, quantity=2)], by_person=False))
    assert other.amount == Decimal("372000.00")


def test_products_that_a_person_set_are_not_replaced_by_what_is_no_person(session, actor):
    staff = actor("staff")
    begin(session, staff)
    deal = service.create(session, staff, CreateDeal(title="Ручной"))
    service.set_items(session, staff, SetItems(deal.id, [Item("Труба", quantity=1)]))
    service.set_items(session, staff, SetItems(deal.id, [Item("Кран", quantity=5)], by_person=False))
    session.commit()
    session.refresh(deal, ["items"])
    assert [item.product_name for item in deal.items] == ["Труба"]


def test_a_stranger_neither_sees_nor_moves_the_deal(client_as, api_as):
    made = add(client_as("staff"), title="Тайная сделка")
    stranger = client_as("stranger")
    for address in (f"/deals/{made}", f"/deals/{made}/items", f"/deals/{made}/edit", f"/deals/{made}/history"):
        assert stranger.get(address).status_code == 404
    assert stranger.post(f"/deals/{made}/move", data={"stage": 1}).status_code == 404
    assert "Тайная" not in stranger.get("/deals/board").get_data(as_text=True)
    assert "Тайная" not in stranger.get("/deals?q=тайная").get_data(as_text=True)
    assert api_as("stranger").get(f"/api/v1/deals/{made}").status_code == 404


def test_the_api_carries_items_stage_and_amount(api_as, pump):
    api = api_as("staff")
    body = {
        "title": "Via API",
        "stage": "offer",
        "items": [{"product_id": pump, "quantity": 2}, {"product_name": "Cable", "quantity": 1.5, "price": 10}],
    }
    made = api.post("/api/v1/deals", json=body)
    assert made.status_code == 201, made.json
    assert (made.json["stage"], made.json["amount"]) == ("offer", 372015.0)
    assert [item["product_name"] for item in made.json["items"]] == ["Насос НЦ-50", "Cable"]
    address = made.headers["Location"]
    changed = api.patch(address, json={"items": [], "stage": "won", "amount": 100})
    assert (changed.json["items"], changed.json["stage"], changed.json["amount"]) == ([], "won", 100.0)
    assert api.get(address).json == changed.json
    for wrong, field in (
        ({"stage": "nowhere"}, "stage"),
        ({"amount": -1}, "amount"),
        ({"currency": "???"}, "currency"),
    ):
        answer = api.patch(address, json=wrong)
        assert (answer.status_code, answer.json["field"]) == (422, field)
    assert {stage["key"] for stage in api.get("/api/v1/stages").json["items"]} >= {"new", "won", "lost"}
    assert api.delete(address).status_code == 204


def test_deals_stand_on_the_cards_of_their_client(client_as, api_as):
    api = api_as("staff")
    firm = api.post("/api/v1/organisations", json={"name": "Клиент"}).json["id"]
    api.post("/api/v1/deals", json={"title": "Для клиента", "organisation_id": firm})
    assert "Для клиента" in client_as("staff").get(f"/organisations/{firm}/deals").get_data(as_text=True)
    assert client_as("stranger").get(f"/organisations/{firm}/deals").status_code == 404


def test_list_and_board_stay_within_their_budget_of_statements(client_as, statements):
    client = client_as("staff")
    for address in ("/deals", "/deals/board"):
        with statements() as seen:
            assert client.get(address).status_code == 200
        assert len(seen) <= 9, seen
