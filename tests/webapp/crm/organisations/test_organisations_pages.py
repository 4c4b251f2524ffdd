"""Pages of organisations: who sees what, what is refused, and what is kept."""

from __future__ import annotations

from sqlalchemy import text

from webapp.crm.organisations.models import Organisation


def add(client, **fields):
    response = client.post("/organisations", data={"name": "ООО «Ромашка»", **fields})
    assert response.status_code == 303, response.get_data(as_text=True)[:500]
    return int(response.headers["Location"].rsplit("/", 1)[1])


def test_a_new_organisation_is_stored_with_its_phone_normalised_and_opens_its_card(client_as, session):
    client = client_as("staff")
    made = add(client, phone="8 (495) 123-45-67", email="Info@Romashka.RU", website="romashka.ru")
    stored = session.get(Organisation, made)
    assert (stored.phone, stored.email, stored.website) == ("+74951234567", "info@romashka.ru", "https://romashka.ru")
    assert set(stored.human_fields) == {"name", "phone", "email", "website"}
    page = client.get(f"/organisations/{made}").get_data(as_text=True)
    assert "ООО «Ромашка»" in page
    assert "+7 495 123-45-67" in page


def test_bad_input_is_answered_beside_its_field_and_nothing_is_stored(client_as, session):
    client = client_as("staff")
    response = client.post(
        "/organisations", data={"name": "", "phone": "abc", "email": "no", "website": "javascript:alert(1)"}
    )
    assert response.status_code == 422
    page = response.get_data(as_text=True)
    assert page.count('aria-invalid="true"') == 4
    assert session.query(Organisation).filter_by(phone="abc").count() == 0


def test_a_stranger_neither_opens_nor_finds_nor_changes_the_card(client_as):
    made = add(client_as("staff"), name="Тайная фирма", phone="+7 495 222-33-44")
    stranger = client_as("stranger")
    assert stranger.get(f"/organisations/{made}").status_code == 404
    assert stranger.get(f"/organisations/{made}/edit").status_code == 404
    assert stranger.get(f"/organisations/{made}/history").status_code == 404
    assert stranger.post(f"/organisations/{made}", data={"name": "Моя"}).status_code == 404
    assert stranger.post(f"/organisations/{made}/delete").status_code == 404
    for q in ("тайная", "2223344"):
        assert "Тайная" not in stranger.get("/organisations", query_string={"q": q}).get_data(as_text=True)


def test_a_fragment_of_name_phone_or_address_finds_the_organisation(client_as):
    client = client_as("staff")
    add(client, name="Зелёная долина", phone="+7 812 555-66-77", email="box@dolina.example")
    for q in ("еная дол", "зел", "5556677", "8 812 555", "+7 (812) 555", "@dolina", "до"):
        assert "Зелёная долина" in client.get("/organisations", query_string={"q": q}).get_data(as_text=True), q
    for q in ("%", "ена%дол", "9990001", "' OR 1=1 --", "!"):
        assert "Зелёная долина" not in client.get("/organisations", query_string={"q": q}).get_data(as_text=True), q


def test_hidden_fields_reach_neither_card_nor_list_nor_history_nor_search(client_as):
    made = add(client_as("staff"), name="Скрытный завод", phone="+7 495 777-00-11", notes="секретная заметка")
    officer = client_as("officer")
    for address in (f"/organisations/{made}", "/organisations?q=скрытный", f"/organisations/{made}/history"):
        page = officer.get(address).get_data(as_text=True)
        assert officer.get(address).status_code == 200
        assert "777-00-11" not in page
        assert "+74957770011" not in page
        assert "секретная" not in page
    assert "Скрытный" not in officer.get("/organisations", query_string={"q": "7770011"}).get_data(as_text=True)
    assert officer.get(f"/organisations/{made}/fields/phone").status_code == 404


def test_a_read_only_field_is_shown_but_not_written(client_as, session):
    made = add(client_as("staff"))
    staff = client_as("staff")
    assert 'name="tax_number"' not in staff.get(f"/organisations/{made}/edit").get_data(as_text=True)
    assert (
        staff.post(f"/organisations/{made}", data={"name": "ООО «Ромашка»", "tax_number": "7700000000"}).status_code
        == 403
    )
    assert staff.get(f"/organisations/{made}/fields/tax_number?edit=1").status_code == 403
    assert (
        client_as("head")
        .post(f"/organisations/{made}/fields/tax_number", data={"tax_number": "7700000000"})
        .status_code
        == 200
    )
    assert session.get(Organisation, made).tax_number == "7700000000"


def test_two_people_editing_at_once_keep_both_values_on_the_screen(client_as, session):
    made = add(client_as("staff"), city="Тверь")
    first, second = client_as("staff"), client_as("colleague")
    assert first.post(f"/organisations/{made}", data={"name": "Первое", "version": "1"}).status_code == 303
    answer = second.post(f"/organisations/{made}", data={"name": "Второе", "version": "1"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Первое" in page
    assert 'value="Второе"' in page
    assert 'name="version" value="2"' in page
    assert session.get(Organisation, made).name == "Первое"
    assert second.post(f"/organisations/{made}", data={"name": "Второе", "version": "2"}).status_code == 303


def test_one_field_is_edited_in_place_and_a_wrong_value_is_told_there(client_as, session):
    made = add(client_as("staff"))
    client = client_as("staff")
    assert "<form" in client.get(f"/organisations/{made}/fields/phone?edit=1").get_data(as_text=True)
    wrong = client.post(f"/organisations/{made}/fields/phone", data={"phone": "12"})
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.get_data(as_text=True)
    right = client.post(f"/organisations/{made}/fields/phone", data={"phone": "8 800 555-35-35"})
    assert "+7 800 555-35-35" in right.get_data(as_text=True)
    assert session.get(Organisation, made).phone == "+78005553535"


def test_opening_a_card_is_in_the_audit_and_a_list_is_not(client_as, session):
    made = add(client_as("staff"))
    count = text("SELECT count(*) FROM audit.entries WHERE action = 'organisation.viewed' AND entity_id = :id")
    client = client_as("staff")
    client.get("/organisations")
    assert session.scalar(count, {"id": str(made)}) == 0
    client.get(f"/organisations/{made}")
    assert session.scalar(count, {"id": str(made)}) == 1


def test_history_tells_who_changed_what_from_what_to_what(client_as):
    made = add(client_as("staff"), city="Тверь")
    client_as("colleague").post(f"/organisations/{made}/fields/city", data={"city": "Клин"})
    page = client_as("staff").get(f"/organisations/{made}/history").get_data(as_text=True)
    assert "Олег Быков" in page
    assert "Тверь" in page
    assert "Клин" in page


def test_a_client_that_is_there_already_is_hinted_at_without_showing_what_is_hidden(client_as):
    add(client_as("stranger"), name="Чужая компания", phone="+7 495 999-88-77")
    hint = (
        client_as("staff").get("/organisations/alike", query_string={"phone": "8 495 999 88 77"}).get_data(as_text=True)
    )
    assert "Ирина Котова" in hint
    assert "Чужая" not in hint
    assert "<a " not in hint
    own = (
        client_as("stranger")
        .get("/organisations/alike", query_string={"name": "чужая КОМПАНИЯ"})
        .get_data(as_text=True)
    )
    assert "Чужая компания" in own


def test_the_list_pages_by_key_without_losing_or_repeating_a_row(client_as, session):
    head = client_as("head")
    session.add_all([Organisation(name=f"Ряд {i:03}", owner_id=None) for i in range(120)])
    session.commit()
    seen, address = [], "/organisations?q=ряд&sort=name"
    while address:
        page = head.get(address, headers={"HX-Request": "true"} if seen else {}).get_data(as_text=True)
        seen += [f"Ряд {i:03}" for i in range(120) if f"Ряд {i:03}" in page]
        start = page.find("after=")
        address = page[page.rfind('"', 0, start) + 1 : page.find('"', start)].replace("&amp;", "&") if start > 0 else ""
    assert sorted(seen) == [f"Ряд {i:03}" for i in range(120)]


def test_the_list_stays_within_its_budget_of_statements(client_as, statements):
    client = client_as("staff")
    client.get("/organisations")
    with statements() as seen:
        assert client.get("/organisations").status_code == 200
    assert len(seen) <= 8, seen


def test_deleting_asks_for_the_right_and_removes_the_card(client_as, session):
    made = add(client_as("staff"))
    assert client_as("colleague").post(f"/organisations/{made}/delete").status_code == 403
    assert client_as("staff").post(f"/organisations/{made}/delete").status_code == 303
    assert session.get(Organisation, made) is None
