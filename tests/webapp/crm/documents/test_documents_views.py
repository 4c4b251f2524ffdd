"""Documents: upload, reading, rights, bad files; on real files, the real database and the real reader."""

from __future__ import annotations

import importlib.util
import io
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, text

from webapp.app import App
from webapp.kit import reading

_spec = importlib.util.spec_from_file_location("made_files", Path(__file__).with_name("made_files.py"))
assert _spec is not None
assert _spec.loader is not None
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)

Client = Callable[[str], FlaskClient]


def send(client: FlaskClient, data: bytes, name: str, **fields: Any) -> Any:
    return client.post(
        "/documents", data={"file": (io.BytesIO(data), name), **fields}, content_type="multipart/form-data"
    )


def unique(words: str) -> bytes:
    return f"{words} {uuid.uuid4().hex}".encode()


def only_id(response: Any) -> int:
    found = re.search(r"/documents/(\d+)", response.headers["Location"])
    assert found
    return int(found.group(1))


def test_a_file_is_kept_read_and_shown_page_by_page(client_as: Client, run_jobs: Callable[[], int]) -> None:
    client = client_as("staff")
    data = made.pdf("Delivery within 14 days", "Penalty 0.1 percent a day")
    answer = send(client, data, "Договор поставки.pdf")
    assert answer.status_code == 303
    document_id = only_id(answer)
    waiting = client.get(f"/documents/{document_id}").text
    assert "hx-trigger" in waiting
    assert run_jobs() == 1
    shown = client.get(f"/documents/{document_id}").text
    assert 'id="page-2"' in shown
    assert "Penalty 0.1 percent a day" in shown
    assert "Договор поставки" in shown
    assert client.get(f"/documents/{document_id}/state", headers={"HX-Request": "true"}).headers["HX-Redirect"]
    saved = client.get(f"/documents/{document_id}/file")
    assert saved.data == data
    assert "attachment" in saved.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (made.word("Срок оплаты 10 дней."), "offer.docx", "Срок оплаты 10 дней."),
        (made.word("Текст"), "table.docx", "Срок поставки | 14 дней"),
        ("Скидка 7 % до конца года, при оплате вперёд".encode("cp1251"), "win.txt", "Скидка 7 % до конца года"),
        ("Оплата в течение недели после поставки".encode("koi8-r"), "koi.txt", "Оплата в течение недели"),
        ("# Встреча\n\nОбсудили цену".encode("utf-8-sig"), "notes.md", "Обсудили цену"),
        ("Переговоры прошли".encode("utf-16"), "wide.txt", "Переговоры прошли"),
    ],
)
def test_every_format_and_code_page_is_read(
    client_as: Client, run_jobs: Callable[[], int], data: bytes, name: str, sentence: str
) -> None:
    client = client_as("staff")
    document_id = only_id(send(client, data, name))
    run_jobs()
    assert sentence in client.get(f"/documents/{document_id}").text


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "empty.txt", "The file is empty"),
        (b"hello", "fake.pdf", reading.MISNAMED),
        (b"hello", "fake.docx", reading.MISNAMED),
        (b"PK\x03\x04 broken", "broken.docx", reading.CORRUPT),
        (made.bomb(), "bomb.docx", reading.BOMB),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old.docx", reading.OLD_WORD),
        (b"x", "old.doc", reading.OLD_WORD),
        (b"x", "picture.png", reading.UNKNOWN_KIND),
        (b"\x00\x01\x02\x03", "binary.txt", reading.NOT_TEXT),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_reason_and_not_kept(
    app: App, client_as: Client, data: bytes, name: str, reason: str
) -> None:
    folder = app.parts.settings.documents_dir
    before = set(folder.glob("*")) if folder.exists() else set()
    answer = send(client_as("staff"), data, name)
    assert answer.status_code == 422
    assert reason in answer.text
    assert (set(folder.glob("*")) if folder.exists() else set()) == before


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (made.pdf("secret", password="open"), "locked.pdf", reading.ENCRYPTED),
        (made.pdf("", ""), "scan.pdf", reading.SCANNED),
        (b"%PDF-1.7 and then nothing", "broken.pdf", reading.CORRUPT),
        (b"   \n\n  ", "blank.txt", reading.EMPTY),
    ],
)
def test_a_file_whose_text_cannot_be_had_says_why_on_its_page(
    client_as: Client, run_jobs: Callable[[], int], data: bytes, name: str, reason: str
) -> None:
    client = client_as("staff")
    document_id = only_id(send(client, data, name))
    run_jobs()
    assert reason in client.get(f"/documents/{document_id}").text
    assert client.post(f"/documents/{document_id}/retry").status_code == 303
    run_jobs()
    assert reason in client.get(f"/documents/{document_id}").text


def test_the_same_content_is_recognised_and_stored_once(
    app: App, client_as: Client, run_jobs: Callable[[], int]
) -> None:
    data = unique("Тот же текст")
    first = only_id(send(client_as("staff"), data, "one.txt"))
    assert only_id(send(client_as("colleague"), data, "two.txt")) == first
    other = only_id(send(client_as("stranger"), data, "three.txt"))
    assert other != first
    run_jobs()
    path = next(p for p in app.parts.settings.documents_dir.iterdir() if p.read_bytes() == data)
    client_as("stranger").post(f"/documents/{other}/delete")
    run_jobs()
    assert path.exists()
    client_as("staff").post(f"/documents/{first}/delete")
    run_jobs()
    assert not path.exists()


def test_a_stranger_neither_sees_nor_changes_a_document(client_as: Client, run_jobs: Callable[[], int]) -> None:
    document_id = only_id(send(client_as("staff"), unique("Скрытый прайс"), "price.txt", title="Скрытый прайс"))
    run_jobs()
    stranger = client_as("stranger")
    for path in ("", "/file", "/state"):
        assert stranger.get(f"/documents/{document_id}{path}").status_code == 404
    for path in ("", "/delete", "/retry"):
        assert stranger.post(f"/documents/{document_id}{path}").status_code == 404
    assert "Скрытый прайс" not in stranger.get("/documents").text
    assert stranger.get(f"/api/v1/documents/{document_id}").status_code == 404
    assert "Скрытый прайс" in client_as("colleague").get("/documents?q=скрыт").text
    assert client_as("officer").get(f"/documents/{document_id}").status_code == 404


def test_the_list_costs_a_few_statements_however_long_it_is(app: App, client_as: Client) -> None:
    client = client_as("staff")
    for n in range(5):
        send(client, unique(f"текст {n}"), f"file{n}.txt")
    statements: list[str] = []

    def count(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(app.parts.engine, "before_cursor_execute", count)
    assert client.get("/documents").status_code == 200
    event.remove(app.parts.engine, "before_cursor_execute", count)
    assert len(statements) <= 6


def test_the_api_takes_and_gives_documents(app: App, client_as: Client, run_jobs: Callable[[], int]) -> None:
    client = client_as("staff")
    document_id = only_id(send(client, unique("Гарантия 24 месяца"), "terms.txt", title="Условия"))
    run_jobs()
    got = client.get(f"/api/v1/documents/{document_id}").get_json()
    assert got["state"] == "indexed"
    assert got["title"] == "Условия"
    assert got["text"][0]["text"].startswith("Гарантия 24 месяца")
    assert any(item["id"] == document_id for item in client.get("/api/v1/documents?q=услов").get_json()["items"])


def test_a_renamed_document_is_found_by_its_new_name_and_keeps_its_text(
    app: App, client_as: Client, run_jobs: Callable[[], int]
) -> None:
    client = client_as("staff")
    document_id = only_id(send(client, unique("Особые условия оплаты"), "a.txt"))
    run_jobs()
    answer = client.post(f"/documents/{document_id}", data={"title": "Приложение 4", "version": ""})
    assert answer.status_code == 303
    with app.parts.sessions() as session:
        rows = session.execute(
            text("SELECT field, title FROM chunks WHERE entity = 'document' AND entity_id = :i"), {"i": document_id}
        ).all()
    assert {row.field for row in rows} == {"title", "text"}
    assert {row.title for row in rows} == {"Приложение 4"}


def test_the_shared_table_of_pieces_holds_the_page(app: App, client_as: Client, run_jobs: Callable[[], int]) -> None:
    name = f"paged-{uuid.uuid4().hex}"
    document_id = only_id(send(client_as("staff"), made.pdf("First page here", f"Second page {name}"), "pages.pdf"))
    run_jobs()
    with app.parts.sessions() as session:
        pages = session.execute(
            text("SELECT page FROM chunks WHERE entity = 'document' AND entity_id = :i AND body LIKE :b"),
            {"i": document_id, "b": f"%{name}%"},
        ).scalars()
        assert list(pages) == [2]
