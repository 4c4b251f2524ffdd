"""The report for people: coloured in a terminal, plain lines when it is piped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from appliance.doctor.result import Finding, Status
from appliance.doctor.said import Language, Said

MARKS: dict[Status, tuple[str, str, Said]] = {
    Status.OK: ("✓", "green", Said("well", "в порядке")),
    Status.WARN: ("!", "yellow", Said("warning", "внимание")),
    Status.FAIL: ("✗", "bold red", Said("FAILED", "СБОЙ")),
    Status.UNKNOWN: ("?", "magenta", Said("could not check", "не удалось проверить")),
    Status.SKIPPED: ("·", "dim", Said("not checked", "не проверено")),
    Status.INAPPLICABLE: ("–", "dim", Said("does not apply", "не применимо")),
    Status.WAIVED: ("~", "cyan", Said("waived", "исключение")),
}
TITLES: dict[str, Said] = {
    "services": Said("Services", "Службы"),
    "egress": Said("Nothing reaches out", "Ничего не выходит наружу"),
    "backup": Said("Backups", "Резервные копии"),
    "database": Said("Database", "База данных"),
    "ai": Said("Models", "Модели"),
    "security": Said("Security", "Безопасность"),
    "audit": Said("Audit", "Аудит"),
}
SAW, EXPECTED, DO, READ = (
    Said("seen", "видно"),
    Said("expected", "ожидалось"),
    Said("do", "сделайте"),
    Said("read", "подробнее"),
)
NOTHING_CHANGED = Said("Nothing has changed since the run before.", "С прошлого запуска ничего не изменилось.")
QUIET = frozenset({Status.SKIPPED, Status.INAPPLICABLE})
LOUD = frozenset({Status.WARN, Status.FAIL, Status.UNKNOWN})


def summary(findings: Sequence[Finding], seconds: float, language: Language) -> str:
    """One line: how many of each, and how long it took."""
    counts = [(status, sum(each.status is status for each in findings)) for status in MARKS]
    parts = [f"{MARKS[status][2].spoken(language)} {count}" for status, count in counts if count]
    return f"{', '.join(parts)} · {seconds:.1f} " + Said("s", "с").spoken(language)


def details(finding: Finding, language: Language) -> list[tuple[str, str]]:
    """What stands below a finding that wants somebody."""
    rows = [
        (SAW.spoken(language), finding.observed.spoken(language)),
        (EXPECTED.spoken(language), finding.expected.spoken(language)),
    ]
    if finding.remedy:
        rows.append((DO.spoken(language), finding.remedy.spoken(language)))
    return [*rows, (READ.spoken(language), finding.doc)]


def grouped(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    """Findings by group, in their order."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.group, []).append(finding)
    return groups


def quiet(members: Sequence[Finding], language: Language) -> list[tuple[Status, str]]:
    """What was not looked at in a group, a line for each reason: one dead part is one finding, not thirty."""
    reasons: dict[tuple[Status, str], list[str]] = {}
    for each in members:
        if each.status in QUIET:
            reasons.setdefault((each.status, each.observed.spoken(language).rstrip(".")), []).append(each.id)
    return [(status, f"{reason}: {', '.join(names)}") for (status, reason), names in reasons.items()]


def plain(findings: Sequence[Finding], seconds: float, language: Language) -> str:
    """The report as lines that a mail or a log can carry."""
    lines: list[str] = []
    for group, members in grouped(findings).items():
        if all(each.status is Status.INAPPLICABLE for each in members):
            lines.append(f"[{group}] {members[0].observed.spoken(language)}")
            continue
        for each in (each for each in members if each.status not in QUIET):
            word = MARKS[each.status][2].spoken(language)
            lines.append(f"[{group}] {word}: {each.id}: {each.title.spoken(language)}: {_short(each, language)}")
            if each.status in LOUD:
                lines += [f"    {name}: {_indented(text, 8)}" for name, text in details(each, language)]
        lines += [f"[{group}] {text}" for _status, text in quiet(members, language)]
    return "\n".join([*lines, summary(findings, seconds, language)])


def _short(finding: Finding, language: Language) -> str:
    """What is said of a finding on its own line."""
    if finding.waived_until is not None:
        until = Said("until", "до").spoken(language)
        return f"{finding.waived_for} ({until} {finding.waived_until})"
    return finding.observed.spoken(language).splitlines()[0] if finding.observed else ""


def _indented(text: str, width: int) -> str:
    """Further lines of a text, set in."""
    return text.replace("\n", "\n" + " " * width)


def draw(findings: Sequence[Finding], seconds: float, language: Language, stream: IO[str]) -> None:
    """Draw the report in a terminal."""
    console = Console(file=stream, highlight=False)
    for group, members in grouped(findings).items():
        title = TITLES[group].spoken(language)
        if all(each.status is Status.INAPPLICABLE for each in members):
            reason = members[0].observed.spoken(language)
            console.print(Text.assemble("\n", (title, "bold dim"), (f"  {reason}", "dim")))
            continue
        console.print(Text.assemble("\n", (title, "bold")))
        for each in (each for each in members if each.status not in QUIET):
            console.print(_line(each, language))
        for status, text in quiet(members, language):
            console.print(_row(Text(MARKS[status][0], style="dim"), Text(text, style="dim")))
    worst = next((each for each in (Status.FAIL, Status.UNKNOWN, Status.WARN) if _any(findings, each)), Status.OK)
    console.print()
    console.print(Panel(summary(findings, seconds, language), border_style=MARKS[worst][1], expand=False))


def _any(findings: Sequence[Finding], status: Status) -> bool:
    return any(each.status is status for each in findings)


def _line(finding: Finding, language: Language) -> RenderableType:
    """One finding: a line when it is well, a block when somebody is wanted."""
    mark, style, _ = MARKS[finding.status]
    loud = finding.status in LOUD
    head = Text(finding.title.spoken(language), style="bold" if loud else "")
    if not loud:
        head.append(f"  {_short(finding, language)}", style="dim")
    table = _row(Text(mark, style=style), head)
    if not loud:
        return table
    inner = Table.grid(padding=(0, 2))
    inner.add_column(style="dim", no_wrap=True)
    inner.add_column(overflow="fold")
    for name, text in details(finding, language):
        do = name == DO.spoken(language)
        inner.add_row(name, Text(text, style="bold cyan" if do else ""))
    table.add_row("", Group(inner, Text("")))
    return table


def _row(mark: Text, text: Text) -> Table:
    """A line with its sign in front."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=3, justify="right")
    table.add_column(overflow="fold")
    table.add_row(mark, text)
    return table
