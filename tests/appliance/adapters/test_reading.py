"""Exported files are read in whatever encoding and shape they come, and by the line."""

from __future__ import annotations

import json
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.adapters import mapping as mappings
from appliance.adapters.importing import import_file
from appliance.adapters.reading import encoding_of, rows, shape_of
from appliance.adapters.records import AdapterError, Fault, Row

TEXT = "Код;Наименование\n1;Ёлка «Ромашка» № 5\n2;Щука\n"


def read(path, **options):
    shape = shape_of(path, lambda names: {"код", "наименование"} <= set(names), **options)
    return shape, list(rows(path, shape))


@pytest.mark.parametrize("encoding", ["cp1251", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [";", ",", "\t", "|"])
def test_encoding_and_separator_are_found_out(tmp_path, encoding, mark):
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT.replace(";", mark).replace("\n", "\r\n").encode(encoding))
    shape, found = read(path)
    assert (shape.delimiter, shape.columns) == (mark, ("Код", "Наименование"))
    assert [dict(row.cells) for row in found] == [
        {"Код": "1", "Наименование": "Ёлка «Ромашка» № 5"},
        {"Код": "2", "Наименование": "Щука"},
    ]


def test_an_encoding_may_be_forced(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT.encode("koi8-r", errors="replace"))
    assert encoding_of(path) == "cp1251"
    _shape, found = read(path, encoding="koi8-r")
    assert found[1].cells["Наименование"] == "Щука"


def test_a_late_byte_decides_for_the_code_page(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a;b\n" * 400_000 + "я".encode("cp1251"))
    assert encoding_of(path) == "cp1251"


def test_one_bad_line_spoils_no_other(tmp_path):
    path = tmp_path / "a.csv"
    lines = [
        "Код;Наименование",
        '1;"открыта',
        "2;хорошо",
        '3;"две',
        'строки"',
        "4;и;лишнее",
        "",
        '5;"а ""б"" в"',
        '6;5" x',
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    _shape, found = read(path)
    assert [(type(row), row.line) for row in found] == [
        (Fault, 2), (Row, 3), (Row, 4), (Fault, 6), (Row, 8), (Row, 9),
    ]  # fmt: skip
    assert [row.cells["Наименование"] for row in found if isinstance(row, Row)] == [
        "хорошо", "две\nстроки", 'а "б" в', '5" x',
    ]  # fmt: skip


def test_bytes_that_are_no_text_are_reported_by_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("Код;Наименование\n1;хорошо\n".encode() + b"2;\xff\xfe\n" + "3;хорошо\n".encode())
    _shape, found = read(path, encoding="utf-8")
    assert [type(row) for row in found] == [Row, Fault, Row]
    assert found[1].line == 3


def test_titles_above_the_header_are_passed_over(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Отчёт за 2026 год;\n\n" + TEXT, encoding="utf-8")
    _shape, found = read(path)
    assert [row.line for row in found] == [4, 5]


@pytest.mark.parametrize("content", ["", "\n\n\n", "один столбец\n1\n", "x;y\n1;2\n"])
def test_a_file_without_the_columns_is_refused_in_words(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(AdapterError, match="columns"):
        read(path)


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": 1}, {"a": 2}]',
        '{"items": [{"a": 1}, {"a": 2}], "next": null}',
        '{"odata.metadata": "x", "value": [{"a": 1},\n{"a": 2}]}',
        '{"a": 1}\n{"a": 2}\n',
        '\n [ {"a":1},{"a":2} ] ',
    ],
)
def test_json_is_read_as_a_list_inside_an_object_or_line_by_line(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8-sig")
    found = list(rows(path, shape_of(path, lambda _names: True)))
    assert [row.cells for row in found] == [{"a": "1"}, {"a": "2"}]


def test_json_inside_json_is_found_by_its_path(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"Контрагент": {"ИНН": "77", "Флаги": [1, 2]}, "Нет": None}]), encoding="utf-8")
    (row,) = rows(path, shape_of(path, lambda _names: True))
    assert row.cells == {"Контрагент.ИНН": "77", "Контрагент.Флаги": "1; 2", "Нет": ""}


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused_in_words(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "a.csv"
    path.write_bytes("Код;Наименование\n".encode() + content)
    with suppress(AdapterError):  # content that looks like JSON of another version, or no header: said in words
        assert all(isinstance(row, Row | Fault) for row in rows(path, shape_of(path, lambda names: "код" in names)))


def test_many_rows_need_no_more_memory_than_a_few(tmp_path):
    def peak(count):
        path = tmp_path / f"{count}.csv"
        with path.open("w", encoding="cp1251") as stream:
            stream.write("Код;Наименование;ИНН;Телефон\n")
            for number in range(count):
                stream.write(f'{number:09};"ООО ""Фирма {number}""";;8 495 {number % 10_000_000:07}\n')
        tracemalloc.start()
        report = import_file(path, mappings.load("1c"), None)
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert (report.read, report.entities["organisation"]) == (count, count)
        return most

    assert peak(6_000) < peak(1_000) + 1_000_000
