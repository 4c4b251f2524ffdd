"""Files of a 1C base become clients and deals of the running CRM, once, however often they are imported."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.adapters.commands import import_

CLIENTS = '''Список контрагентов на 01.11.2026
Код;Наименование;Полное наименование;ИНН;КПП;Вид контрагента;Телефон;Адрес электронной почты;Город;Комментарий
000000001;Ромашка;"ООО ""Ромашка""";7707083893;;Юридическое лицо;8 495 123-45-67;INFO@romashka.ru;Москва;"первая строка
вторая строка"
000000002;Иванов Иван Иванович;Иванов Иван Иванович;;;Физическое лицо;+7 916 000-11-22;;Тверь;
000000003;Плохой ИНН;ООО Плохой;7707083894;;Юридическое лицо;;;;
000000004;Плохая почта;ООО Почта;;;Юридическое лицо;;никуда;;
;Без кода;ООО Без кода;;;Юридическое лицо;;;;
000000006;Незакрытая;"ООО Кавычка;;;Юридическое лицо;;;;
000000007;Лишняя;ООО;;;Юридическое лицо;;;;;ещё;и ещё
000000008;Вега ё;ООО Вега;7740000076;;Юридическое лицо;(495) 765-43-21 доб. 12; a@vega.example;Санкт-Петербург;
'''
CONTACTS = """Код\tФИО\tДолжность\tКонтрагент\tМобильный телефон
К1\tПетрова Анна\tБухгалтер\tРомашка\t8-903-111-22-33
К2\tСидоров Пётр\tДиректор\tнет такого\t
"""
DEALS = """Номер;Дата;Контрагент;Сумма;Валюта;Статус;Дата отгрузки;Комментарий
ТД-001;01.11.2026 10:15:00;Ромашка;1\u00a0234\u00a0567,89;руб.;Согласован;15 декабря 2026 г.;
ТД-002;02.11.2026;Вега ё;950 000,00;RUB;К отгрузке;01.01.0001 0:00:00;срочно
ТД-003;03.11.2026;Вега ё;много;RUB;Новый;;
ТД-004;04.11.2026;Вега ё;10,00;RUB;Неведомый;31.02.2026;
"""


@pytest.fixture
def run(crm, token_of, tmp_path):
    def go(text, *options, name="export.csv", encoding="cp1251", who="head"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        arguments = [str(path), "--url", crm, "--token", token_of(who), "--json", *options]
        done = CliRunner().invoke(import_, arguments)
        assert not done.exception or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, json.loads(done.stdout) if done.stdout.startswith("{") else done.output

    return go


def faults(report):
    return {(one["line"], one["field"]) for one in report["faults"]}


@pytest.mark.parametrize("encoding", ["cp1251", "utf-8", "utf-8-sig", "utf-16"])
def test_an_export_becomes_clients_whatever_its_encoding(run, api_as, encoding, tmp_path):
    code, report = run(CLIENTS, encoding=encoding)
    assert code == 1
    assert (report["read"], report["created"] + report["unchanged"], report["refused"]) == (8, 3, 5)
    api = api_as("head")
    (romashka,) = api.get("/api/v1/organisations?q=ромашка").json["items"]
    assert (romashka["tax_number"], romashka["phone"]) == ("7707083893", "+74951234567")
    assert (romashka["email"], romashka["notes"]) == ("info@romashka.ru", "первая строка\nвторая строка")
    (vega,) = api.get("/api/v1/organisations?q=вега").json["items"]
    assert (vega["name"], vega["phone"]) == ("Вега ё", "+74957654321;ext=12")
    (ivanov,) = api.get("/api/v1/people?q=иванов").json["items"]
    assert ivanov["phone"] == "+79160001122"


def test_bad_rows_are_reported_by_line_and_field_and_kept_with_their_reasons(run, tmp_path):
    _code, report = run(CLIENTS)
    assert faults(report) == {
        (6, "ИНН (tax_number)"), (7, "E-mail (email)"), (8, "Код"), (9, ""), (10, ""),
    }  # fmt: skip
    assert all(one["reason"].endswith(".") for one in report["faults"])
    with Path(report["rejects"]).open(encoding="utf-8-sig", newline="") as stream:
        kept = list(csv.DictReader(stream, delimiter=";"))
    assert len(kept) == 5
    assert kept[0]["Наименование"] == "Плохой ИНН"
    assert (kept[0]["ostrov: line"], kept[0]["ostrov: field"]) == ("6", "ИНН (tax_number)")
    assert "контрольн" in kept[0]["ostrov: reason"] or "check digits" in kept[0]["ostrov: reason"]


def test_a_second_import_changes_nothing_and_a_changed_cell_changes_its_field(run, api_as):
    run(CLIENTS)
    _code, again = run(CLIENTS)
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 3)
    _code, later = run(CLIENTS.replace("Санкт-Петербург", "Псков"))
    assert (later["created"], later["updated"], later["unchanged"]) == (0, 1, 2)
    (vega,) = api_as("head").get("/api/v1/organisations?q=вега").json["items"]
    assert vega["city"] == "Псков"


def test_contacts_and_orders_find_their_client_by_its_name(run, api_as):
    run(CLIENTS)
    _code, contacts = run(CONTACTS, name="contacts.txt")
    assert (contacts["created"] + contacts["unchanged"], faults(contacts)) == (1, {(3, "links.organisation")})
    code, orders = run(DEALS, name="orders.csv")
    assert code == 1
    assert faults(orders) == {(4, "Сумма (amount)"), (5, "Дата отгрузки (expected_close)")}
    api = api_as("head")
    (romashka,) = api.get("/api/v1/organisations?q=ромашка").json["items"]
    (deal,) = api.get(f"/api/v1/deals?organisation_id={romashka['id']}").json["items"]
    assert (deal["amount"], deal["currency"], deal["stage"]) == (1234567.89, "RUB", "negotiation")
    assert deal["expected_close"] == "2026-12-15"
    (person,) = api.get("/api/v1/people?q=петрова").json["items"]
    assert (person["organisation_id"], person["position"]) == (romashka["id"], "Бухгалтер")


def test_the_rejects_can_be_mended_and_imported(run, tmp_path):
    _code, report = run(CLIENTS.replace("000000003", "000000033"))
    text = Path(report["rejects"]).read_text(encoding="utf-8-sig").replace("7707083894", "7728168971")
    _code, mended = run(text, name="mended.csv", encoding="utf-8")
    assert mended["created"] == 1


def test_a_dry_run_tells_the_same_and_changes_nothing(run, api_as):
    fresh = CLIENTS.replace("00000000", "90000000").replace("Ромашка", "Астра").replace("7707083893", "7736050003")
    _code, told = run(fresh, "--dry-run")
    assert (told["created"] + told["updated"] + told["unchanged"], told["refused"]) == (3, 5)
    assert api_as("head").get("/api/v1/organisations?q=астра").json["items"] == []


def test_json_of_both_kinds_is_imported(run, api_as):
    record = {"Код": "J1", "Наименование": "Джей", "ИНН": "", "Контакты": {"Телефон": "x"}, "Телефон": None}
    whole = json.dumps({"contract": "1.0.0", "value": [record, record | {"Код": "J2", "ИНН": "1"}]}, ensure_ascii=False)
    code, report = run(whole, name="a.json", encoding="utf-8")
    assert (code, report["created"], report["refused"]) == (1, 1, 1)
    lines = "\n".join((json.dumps(record), "{broken", json.dumps(record | {"Код": "J3"})))
    _code, report = run(lines, name="b.jsonl", encoding="utf-8")
    assert (report["unchanged"], report["created"]) == (1, 1)
    assert faults(report) == {(2, "")}


def test_a_file_of_a_future_version_and_a_file_of_something_else_are_refused_in_words(run):
    code, said = run('{"contract": "2.0.0", "items": [{}]}', name="c.json", encoding="utf-8")
    assert code == 2
    assert "2.0.0" in said
    code, said = run("a;b\n1;2\n")
    assert code == 2
    assert "mapping" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--mapping", "nothing"), "mapping"),
        (("--url", "http://8.8.8.8"), "leads outside"),
        (("--token", "wrong"), "token"),
        (("--encoding", "klingon"), "encoding"),
    ],
)
def test_what_cannot_be_done_is_said_with_a_remedy(run, options, words):
    code, said = run(CLIENTS, *options)
    assert code == 2
    assert words in said


def test_people_without_the_right_change_nothing(run, api_as):
    code, report = run(CLIENTS.replace("00000000", "80000000").replace("7707083893", ""), who="officer")
    assert code == 1
    assert report["created"] == 0
