"""Pages of the documentation as a person at a keyboard takes them: what is typed where, and what is then seen.

A fenced block `console` is a session. A line that begins with a prompt is typed: `controller$ ` on the controller,
`server# ` as root on the server (`NAME# ` on another host of the inventory); one that ends with a backslash goes on.
What stands between typed lines is seen, `…` standing for anything; a line `exit code 1` says how the command ends where
that is not by success. A block of another language right after a line that
ends with "`PATH` on the controller:" (or "on the server:") is a file with that content. All else is read, not typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^ {0,3}```(?P<language>\w*)\s*$")
PROMPT = re.compile(r"^(?P<where>[a-z][a-z0-9-]*)[$#] (?P<typed>.+)$")
FILE = re.compile(r"`(?P<path>[^`\s]+)` on the (?P<where>[a-z][a-z0-9-]*):$")
ENDS = re.compile(r"^exit code (?P<code>\d+)\b")
HEADING = re.compile(r"^#{2,6} (?P<title>.+?)\s*$")
SESSION = "console"
ELLIPSIS = "…"


class UnclearPageError(ValueError):
    """A page that nobody could follow; the message names the line."""


@dataclass(frozen=True)
class Typed:
    """A command: where it is typed (`controller`, `server`, a host), the lines that are seen then, and how it ends."""

    where: str
    command: str
    seen: tuple[str, ...]
    section: str
    line: int
    code: int = 0


@dataclass(frozen=True)
class Written:
    """A file that is written with an editor: where, its path and its whole content."""

    where: str
    path: str
    content: str
    section: str
    line: int


def steps(page: Path) -> list[Typed | Written]:
    """What a page tells to type and to write, in its order."""
    return list(read(page.read_text(encoding="utf-8")))


def read(text: str) -> Iterator[Typed | Written]:
    """What a text tells to type and to write, in its order."""
    lines = text.splitlines()
    section, before, number = "", "", 0
    while number < len(lines):
        line = lines[number]
        if heading := HEADING.match(line):
            section = heading["title"]
        if fence := FENCE.match(line):
            end = _closed(lines, number)
            body = lines[number + 1 : end]
            yield from _block(fence["language"], body, before, section, number + 2)
            number, before = end, ""
        elif line.strip():
            before = line
        number += 1


def _closed(lines: list[str], opened: int) -> int:
    """The line that closes a fence."""
    for number in range(opened + 1, len(lines)):
        if lines[number].strip() == "```":
            return number
    raise UnclearPageError(f"line {opened + 1}: the block has no end")


def _block(language: str, body: list[str], before: str, section: str, line: int) -> Iterator[Typed | Written]:
    if language == SESSION:
        yield from _session(body, section, line)
    elif language and (named := FILE.search(before)):
        yield Written(named["where"], named["path"], "\n".join([*body, ""]), section, line)


def _session(body: list[str], section: str, line: int) -> Iterator[Typed]:
    number = 0
    while number < len(body):
        begun, prompt = number, PROMPT.match(body[number])
        if not prompt:
            raise UnclearPageError(f"line {line + number}: a session begins with a prompt, seen: {body[number]!r}")
        command = prompt["typed"]
        while command.endswith("\\"):
            number += 1
            if number == len(body):
                raise UnclearPageError(f"line {line + begun}: the command has no end")
            command = command.removesuffix("\\").rstrip() + " " + body[number].strip()
        number += 1
        first = number
        while number < len(body) and not PROMPT.match(body[number]):
            number += 1
        shown = [each.strip() for each in body[first:number] if each.strip()]
        codes = [int(ends["code"]) for each in shown if (ends := ENDS.match(each))]
        seen = tuple(each for each in shown if not ENDS.match(each))
        yield Typed(prompt["where"], command, seen, section, line + begun, *codes)


def missing(seen: tuple[str, ...], output: str) -> str | None:
    """The first line of a page's output that the true output does not have in that order; None when all are there."""
    lines = iter(" ".join(line.split()) for line in output.splitlines())
    for wanted in seen:
        if wanted.strip(f"{ELLIPSIS} "):
            pattern = ".*".join(re.escape(" ".join(part.split())) for part in wanted.split(ELLIPSIS))
            if not any(re.fullmatch(rf"\s*{pattern}\s*", line) for line in lines):
                return wanted
    return None
