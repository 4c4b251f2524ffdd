"""The catalogue: who may change it, names that may not repeat, API."""

from __future__ import annotations

from webapp.crm.products.models import Product


def test_a_head_adds_a_product_and_staff_read_it(client_as, session):
    head = client_as("head")
    form = {
        "name": "Клапан К-1",
        "aliases": "клапан, вентиль; кран\nзаслонка",
        "price": "1 250,5",
        "currency": "RUB",
        "unit": "шт",
    }
    assert head.post("/products", data=form).status_code == 303
    stored = session.query(Product).filter_by(name="Клапан К-1").one()
    assert stored.aliases == ["клапан", "вентиль", "кран", "заслонка"]
    staff = client_as("staff")
    assert "Клапан К-1" in staff.get("/products?q=вентиль").get_data(as_text=True)
    assert '<form class="form"' not in staff.get(f"/products/{stored.id}").get_data(as_text=True)
    assert staff.post("/products", data=form).status_code == 403
    assert staff.post(f"/products/{stored.id}", data={"name": "X"}).status_code == 403
    assert staff.post(f"/products/{stored.id}/delete").status_code == 403


def test_a_name_is_taken_in_any_case(client_as):
    head = client_as("head")
    assert head.post("/products", data={"name": "Датчик", "currency": "RUB"}).status_code == 303
    again = head.post("/products", data={"name": "ДАТЧИК", "currency": "RUB"})
    assert again.status_code == 422


def test_a_stale_form_of_a_product_is_refused(client_as, session):
    head = client_as("head")
    head.post("/products", data={"name": "Фильтр", "currency": "RUB"})
    made = session.query(Product).filter_by(name="Фильтр").one().id
    assert head.post(f"/products/{made}", data={"price": "10", "version": "1"}).status_code == 303
    assert head.post(f"/products/{made}", data={"price": "20", "version": "1"}).status_code == 409


def test_the_api_makes_changes_and_deletes_a_product(api_as):
    api = api_as("head")
    made = api.post("/api/v1/products", json={"name": "Valve", "aliases": ["tap"], "price": 12.5, "currency": "USD"})
    assert (made.status_code, made.json["price"]) == (201, 12.5)
    address = made.headers["Location"]
    assert api.patch(address, json={"aliases": ["tap", "cock"]}).json["aliases"] == ["tap", "cock"]
    assert api.post("/api/v1/products", json={"name": "valve"}).json["field"] == "name"
    assert api_as("staff").patch(address, json={"price": 1}).status_code == 403
    assert api_as("staff").get(address).status_code == 200
    assert api.delete(address).status_code == 204


def test_who_may_not_view_products_finds_none(client_as, api_as):
    assert client_as("officer").get("/products").status_code == 403
    assert api_as("officer").get("/api/v1/products").status_code == 403
