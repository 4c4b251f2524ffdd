"""The text of a file (pdf, docx, txt, md), page by page, read in a process of its own with limits.

A hostile file can at worst end that process: it may use so much memory, so much processor time, and no more.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import docx
import pypdf
from docx.document import Document as WordDocument
from docx.table import Table
from docx.text.paragraph import Paragraph
from pypdf.errors import PyPdfError

from webapp.kit.i18n import N_

KINDS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "txt": "text/plain",
    "md": "text/markdown",
}
SECTION_CHARACTERS = 3000  # formats without pages are cut into sections of about a page
MOST_PAGES = 3000
MOST_CHARACTERS = 20_000_000
UNPACKED_BYTES_MAX = 300_000_000
PACKED_FILES_MAX = 5000
SQUEEZED_MAX = 200  # a text part hardly ever shrinks to less than 1/200
SMALL_PART_BYTES = 1_000_000
MEMORY_BYTES = 2_000_000_000
PROCESSOR_SECONDS = 120
WALL_SECONDS = 180


class Unreadable(ValueError):
    """The file cannot be read; the message says why and what to do (a message id)."""


ENCRYPTED = N_("The file is protected by a password. Remove the protection and upload it again.")
SCANNED = N_("No text was found in the file: it looks like a scan. Upload a version with a text layer.")
CORRUPT = N_("The file is damaged and cannot be read.")
EMPTY = N_("The file has no text in it.")
TOO_HEAVY = N_("The file takes too much memory or time to read.")
BOMB = N_("The file unpacks to far more than its size and was refused.")
OLD_WORD = N_("This is an old Word file (.doc). Save it as .docx and upload it again.")
MISNAMED = N_("The content of the file is not what its name says.")
UNKNOWN_KIND = N_("Only pdf, docx, txt and md files can be read.")
NOT_TEXT = N_("This is not a text file.")


@dataclass(frozen=True)
class Reading:
    """What was read: texts in order; `paged` when they are real pages rather than sections."""

    texts: tuple[str, ...]
    paged: bool


def kind_of(filename: str) -> str:
    """The kind of a file by its name; raises Unreadable for what cannot be read."""
    ending = Path(filename).suffix.lower().lstrip(".")
    kind = {"markdown": "md", "text": "txt"}.get(ending, ending)
    if kind == "doc":
        raise Unreadable(OLD_WORD)
    if kind not in KINDS:
        raise Unreadable(UNKNOWN_KIND)
    return kind


def check(path: Path, kind: str, head: bytes) -> None:
    """Look at the first bytes (and the packing list of a docx) before the file is kept; raises Unreadable."""
    if kind == "pdf" and b"%PDF-" not in head:
        raise Unreadable(MISNAMED)
    if kind == "docx":
        _check_word(path, head)
    utf16 = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if kind in ("txt", "md") and not utf16 and (b"\x00" in head or head.startswith((b"%PDF-", b"PK\x03\x04"))):
        raise Unreadable(NOT_TEXT)


def _check_word(path: Path, head: bytes) -> None:
    if head.startswith(b"\xd0\xcf\x11\xe0"):  # the old container: an old Word file, or a new one behind a password
        raise Unreadable(ENCRYPTED if b"E\x00n\x00c\x00r\x00y" in path.read_bytes()[:1_000_000] else OLD_WORD)
    try:
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, OSError):
        raise Unreadable(CORRUPT if head.startswith(b"PK") else MISNAMED) from None
    if not any(part.filename == "word/document.xml" for part in parts):
        raise Unreadable(MISNAMED)
    whole = sum(part.file_size for part in parts)
    squeezed = any(
        p.file_size > SMALL_PART_BYTES and p.file_size > SQUEEZED_MAX * max(p.compress_size, 1) for p in parts
    )
    if len(parts) > PACKED_FILES_MAX or whole > UNPACKED_BYTES_MAX or squeezed:
        raise Unreadable(BOMB)


def read_apart(path: Path, kind: str) -> Reading:
    """Read a file in a process of its own; raises Unreadable, also when that process is stopped by its limits."""
    command = [sys.executable, "-m", "webapp.kit.reading", kind, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=WALL_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise Unreadable(TOO_HEAVY) from None
    if done.returncode != 0:
        raise Unreadable(TOO_HEAVY)
    answer = json.loads(done.stdout)
    if "reason" in answer:
        raise Unreadable(answer["reason"])
    return Reading(tuple(answer["texts"]), answer["paged"])


def read(path: Path, kind: str) -> Reading:
    """Read a file here and now (see `read_apart`)."""
    if kind == "pdf":
        return _read_pdf(path)
    text = _read_word(path) if kind == "docx" else decoded(path.read_bytes())
    if not text.strip():
        raise Unreadable(EMPTY)
    return Reading(tuple(sections(clean(text)[:MOST_CHARACTERS])), paged=False)


def _read_pdf(path: Path) -> Reading:
    try:
        reader = pypdf.PdfReader(path)
        locked = reader.is_encrypted and not reader.decrypt("")
        texts = [] if locked else [clean(page.extract_text()) for page in reader.pages[:MOST_PAGES]]
    # pypdf answers damage with whatever its parser stumbles over; every one of them means the same to a person.
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError):
        raise Unreadable(CORRUPT) from None
    if locked or not any(texts):
        raise Unreadable(ENCRYPTED if locked else SCANNED if texts else EMPTY)
    return Reading(tuple(texts), paged=True)


def _read_word(path: Path) -> str:
    try:
        document = docx.Document(str(path))
        return "\n\n".join(filter(None, (_block(block) for block in document.iter_inner_content())))
    except (ValueError, KeyError, AttributeError, TypeError, zipfile.BadZipFile, OSError, SyntaxError):
        raise Unreadable(CORRUPT) from None


def _block(block: Paragraph | Table | WordDocument) -> str:
    """A paragraph as it is, a table with one line a row."""
    if isinstance(block, Table):
        return "\n".join(" | ".join(cell.text.strip() for cell in row.cells) for row in block.rows)
    return block.text.strip() if isinstance(block, Paragraph) else ""


RUSSIAN = frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё")
COMMON = frozenset("оеаинтсрвл ")


def decoded(data: bytes) -> str:
    """Bytes as text: UTF-8 or UTF-16 by their marks, else the Russian code page whose letters look most like words."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pages = ("cp1251", "koi8-r", "cp866")
        return max((data.decode(page, errors="replace") for page in pages), key=_looks_russian)


def _looks_russian(text: str) -> float:
    """How much a text looks like Russian: small common letters count, other signs beyond ASCII count against it."""
    sample = text[:20_000]
    return sum(1.0 if c in COMMON else 0.4 if c in RUSSIAN else -0.5 if ord(c) > 127 else 0.0 for c in sample)


def clean(text: str) -> str:
    """Without characters that a database cannot keep and without the blank lines of a layout."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").replace("\x0c", "\n")
    plain = "".join(c for c in plain if c in "\n\t" or ord(c) >= ord(" "))
    lines = [line.rstrip() for line in plain.encode("utf-8", "ignore").decode().split("\n")]
    kept = [line for n, line in enumerate(lines) if line or (n and lines[n - 1])]
    return "\n".join(kept).strip()


def sections(text: str) -> list[str]:
    """A text cut between paragraphs into sections of about a page."""
    found: list[str] = []
    gathered = ""
    for paragraph in text.split("\n\n"):
        if gathered and len(gathered) + len(paragraph) > SECTION_CHARACTERS:
            found.append(gathered)
            gathered = ""
        gathered = f"{gathered}\n\n{paragraph}" if gathered else paragraph
    return [*found, gathered] if gathered else found


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))


def main() -> None:
    """`python -m webapp.kit.reading KIND PATH`: the reading as JSON on standard output."""
    _limit()
    kind, path = sys.argv[1:]
    try:
        reading = read(Path(path), kind)
        answer: dict[str, object] = {"texts": reading.texts, "paged": reading.paged}
    except Unreadable as error:
        answer = {"reason": str(error)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
