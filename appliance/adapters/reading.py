"""Reading exported files, CSV and JSON, row by row: their encoding and their shape are found out, or given."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

from appliance.adapters.records import AdapterError, Fault, Row
from appliance.contract.version import VersionRefused, check

ENCODINGS = ("utf-8-sig", "utf-8", "cp1251", "utf-16", "koi8-r", "cp866")
DELIMITERS = (";", "\t", ",", "|")
PIECE_BYTES = 1 << 20
LONGEST_LINE = 1 << 20
LONGEST_RECORD_LINES = 100
LONGEST_JSON_RECORD = 4 << 20
TITLE_LINES = 30
ARRAY = re.compile(r'"(?:items|value|data|rows|records|result)"\s*:\s*\[')
VERSION = re.compile(r'"contract"\s*:\s*"([^"]*)"')

HeaderTest = Callable[[Sequence[str]], bool]


@dataclass(frozen=True)
class Shape:
    """How a file is written; `columns` are its fields' names (none for JSON, where each record names its own)."""

    encoding: str
    format: str
    delimiter: str = ""
    columns: tuple[str, ...] = ()
    first_line: int = 1


def encoding_of(path: Path) -> str:
    """The encoding of a file: by its mark, else UTF-8 when every byte of it is, else the Windows code page 1251."""
    with path.open("rb") as stream:
        piece = stream.read(PIECE_BYTES)
        if piece.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        if piece.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while piece:
                decoder.decode(piece)
                piece = stream.read(PIECE_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1251"
    return "utf-8"


@lru_cache(maxsize=4096)
def normal(name: str) -> str:
    """A field's name as it is compared: lower case, single spaces, ё as е."""
    return " ".join(name.replace("\ufeff", "").lower().replace("ё", "е").split())


def shape_of(path: Path, is_header: HeaderTest, *, encoding: str = "", delimiter: str = "") -> Shape:
    """How a file is written; `is_header` tells the line of the names from the titles that may stand above it.

    Raises AdapterError when no line is a header.
    """
    chosen = encoding or encoding_of(path)
    with _opened(path, chosen) as stream:
        head = [line for _number, line in zip(range(TITLE_LINES), stream, strict=False)]
    start = "".join(head).lstrip("\ufeff \t\r\n")
    if path.suffix.lower() in (".json", ".jsonl", ".ndjson") or start.startswith(("{", "[{", "[\n", "[ ")):
        return Shape(chosen, "json")
    for number, line in enumerate(head, 1):
        for mark in (delimiter,) if delimiter else DELIMITERS:
            cells = _cells(line.rstrip("\r\n"), mark)
            if len(cells) > 1 and is_header([normal(cell) for cell in cells]):
                return Shape(chosen, "csv", mark, tuple(cell.strip().lstrip("\ufeff") for cell in cells), number)
    raise AdapterError(
        f"None of the first {TITLE_LINES} lines of {path.name} holds the columns that the mapping needs.",
        "Compare the names of the columns with the mapping; give --encoding and --delimiter when they were misread.",
    )


def rows(path: Path, shape: Shape) -> Iterator[Row | Fault]:
    """The records of a file with the line on which each begins; what cannot be read is a fault and the rest goes on."""
    with _opened(path, shape.encoding) as stream:
        yield from _json_rows(stream) if shape.format == "json" else _csv_rows(stream, shape)


def _opened(path: Path, encoding: str) -> TextIO:
    # Bytes that the encoding does not have become marks that are reported by line, instead of an end in the middle.
    return path.open(encoding=encoding, errors="surrogateescape", newline="")


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _quote_is_open(text: str, delimiter: str) -> bool:
    """Whether a quoted cell goes on in the next line. A quote opens a cell only as its first character.

    A cell of several lines whose quote ends in the middle of a cell was never closed: the quote is another cell's.
    """
    if '"' not in text:
        return False
    position = 0
    while True:
        position = _opening(text, delimiter, position)
        if position < 0:
            return False
        end = position + 1
        while (end := text.find('"', end)) >= 0 and text.startswith('""', end):
            end += 2
        if end < 0:
            return True
        if "\n" in text[position:end] and text[end + 1 : end + 2] not in (delimiter, "\r", "\n", ""):
            return True
        position = end + 1


def _opening(text: str, delimiter: str, position: int) -> int:
    """Where the next quote stands that opens a cell, -1 when none does."""
    while (position := text.find('"', position)) >= 0:
        if position == 0 or text[position - 1] in (delimiter, "\n"):
            return position
        position += 1
    return -1


def _csv_rows(stream: TextIO, shape: Shape) -> Iterator[Row | Fault]:
    """The rows below the header. A quote that is never closed spoils its own line and no other."""
    csv.field_size_limit(LONGEST_LINE)
    lines = _numbered(stream, shape.first_line)
    waiting: list[tuple[int, str]] = []
    while True:
        number, text = waiting.pop(0) if waiting else next(lines, (0, ""))
        if not number:
            return
        taken: list[tuple[int, str]] = []
        whole = text
        while _quote_is_open(whole, shape.delimiter) and len(taken) < LONGEST_RECORD_LINES:
            following = waiting.pop(0) if waiting else next(lines, None)
            if following is None:
                break
            taken.append(following)
            whole += following[1]
        if _quote_is_open(whole, shape.delimiter):
            waiting = taken + waiting
            yield Fault(number, "", "A quote is opened and never closed. Close it, or double the quotes inside a cell.")
        elif whole.strip():
            yield _row(number, whole.rstrip("\r\n"), shape)


def _numbered(stream: TextIO, skip: int) -> Iterator[tuple[int, str]]:
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        if number > skip:
            yield number, line


def _row(number: int, text: str, shape: Shape) -> Row | Fault:
    if any("\udc80" <= sign <= "\udcff" for sign in text) or "\x00" in text:
        return Fault(number, "", f"The line holds bytes that are no {shape.encoding} text. Save the file as UTF-8.")
    try:
        cells = next(csv.reader(text.splitlines(keepends=True), delimiter=shape.delimiter), [])
    except csv.Error as error:
        return Fault(number, "", f"The line cannot be read as CSV ({error}). Check its quotes and separators.")
    if any(cell.strip() for cell in cells[len(shape.columns) :]):
        counts = f"{len(cells)} cells under {len(shape.columns)} columns"
        return Fault(number, "", f"The line has {counts}. Put a cell that holds {shape.delimiter!r} into quotes.")
    return Row(number, dict(zip(shape.columns, cells, strict=False)))


def _json_rows(stream: TextIO) -> Iterator[Row | Fault]:
    """The objects of a list, of a list inside an object ("items", "value", ...), or one a line."""
    reader = _JsonText(stream)
    reader.skip(" \t\r\n\ufeff")
    if reader.text.startswith("["):
        reader.drop(1)
    elif (found := ARRAY.search(reader.text)) and not _is_whole_line(reader.text):
        _check_version(reader.text[: found.start()])
        reader.drop(found.end())
    while True:
        reader.skip(" \t\r\n,")
        if not reader.text or reader.text.startswith("]"):
            return
        number = reader.line
        value, wrong = reader.value()
        if wrong:
            yield Fault(number, "", wrong)
            if not reader.next_line():
                return
        elif not isinstance(value, dict):
            yield Fault(number, "", "This is not a record. Write each record as an object in braces.")
        else:
            yield Row(number, _flat(value))


def _is_whole_line(text: str) -> bool:
    """Whether the first line is an object by itself and another follows: one record a line."""
    first, _end, rest = text.partition("\n")
    try:
        json.loads(first)
    except ValueError:
        return False
    return rest.lstrip().startswith("{")


def _check_version(head: str) -> None:
    found = VERSION.search(head)
    if found:
        try:
            check(found.group(1))
        except VersionRefused as error:
            raise AdapterError(str(error)) from None


class _JsonText:
    """A JSON text that is read piece by piece and forgotten as it is understood."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._decoder = json.JSONDecoder()
        self.line = 1
        self.text = stream.read(PIECE_BYTES)

    def drop(self, count: int) -> None:
        """Forget the first characters."""
        self.line += self.text.count("\n", 0, count)
        self.text = self.text[count:]

    def skip(self, signs: str) -> None:
        """Forget what stands between values."""
        while True:
            self.drop(len(self.text) - len(self.text.lstrip(signs)))
            if self.text or not self._more():
                return

    def value(self) -> tuple[Any, str]:
        """The next value, or what is wrong with it."""
        while True:
            try:
                found, end = self._decoder.raw_decode(self.text)
            except (ValueError, RecursionError) as error:
                if len(self.text) < LONGEST_JSON_RECORD and self._more():
                    continue
                return None, f"This is not JSON ({error.__class__.__name__}). Check the commas, quotes and braces here."
            if end == len(self.text) and self._more():
                continue  # a number may go on in the next piece
            self.drop(end)
            return found, ""

    def next_line(self) -> bool:
        """Go on behind the next line end, where a record may begin; False at the end."""
        at = self.text.find("\n")
        while at < 0 and self._more():
            at = self.text.find("\n")
        self.drop(at + 1 if at >= 0 else len(self.text))
        while self.text and not self.text.lstrip(" \t\r\n,").startswith("{"):
            at = self.text.find("\n")
            if at < 0 and self._more():
                continue
            self.drop(at + 1 if at >= 0 else len(self.text))
        return bool(self.text)

    def _more(self) -> bool:
        piece = self._stream.read(PIECE_BYTES)
        self.text += piece
        return bool(piece)


def _flat(value: dict[str, Any], before: str = "") -> dict[str, Any]:
    """A record's fields as text, those of objects inside it by their path: Контрагент.ИНН."""
    found: dict[str, Any] = {}
    for name, inner in value.items():
        path = f"{before}{name}"
        if isinstance(inner, dict):
            found |= _flat(inner, f"{path}.")
        elif isinstance(inner, list):
            found[path] = "; ".join(str(one) for one in inner if not isinstance(one, dict | list))
        else:
            found[path] = "" if inner is None else str(inner)
    return found
