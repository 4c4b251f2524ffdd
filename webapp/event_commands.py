"""`ostrov events`: replay and dead letters."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click
from sqlalchemy.orm import Session

from appliance.settings import WebSettings, read
from webapp import wiring
from webapp.crm.events import queries, service
from webapp.crm.events.messages import STATES, Filter
from webapp.kit import replay as past
from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin
from webapp.kit.clock import now
from webapp.kit.db import transaction
from webapp.kit.errors import AppError
from webapp.kit.letters import JobFailure
from webapp.kit.outbox import Outbox, Subscriber
from webapp.kit.replay import Busy, Plan, Window

AGO = re.compile(r"(\d{1,5})([mhdw])")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
MOST_SHOWN = 200
FIELDS = (
    "id", "state", "event_id", "event_type", "subscriber", "failures", "error", "place", "trace_id", "first_at",
    "last_at", "reason",
)  # fmt: skip


@contextmanager
def _parts() -> Iterator[wiring.Parts]:
    parts = wiring.assemble(read(WebSettings))
    try:
        yield parts
    finally:
        parts.engine.dispose()


@contextmanager
def _session(parts: wiring.Parts) -> Iterator[Session]:
    """A transaction in the name of the system; expected errors end the command with their sentence."""
    try:
        with transaction(parts.sessions) as session:
            begin(session, SYSTEM)
            yield session
    except AppError as error:
        raise click.ClickException(error.detail or error.title) from None


@click.group()
def events() -> None:
    """What happened in the CRM: replay it, see and retry what could not be delivered."""


@events.command()
@click.option("--state", type=click.Choice([*STATES, "all"]), default="dead", show_default=True, help="Which letters.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def dead(state: str, as_json: bool) -> None:
    """List deliveries that failed every time (or are tried again, or were discarded)."""
    wanted = Filter("" if state == "all" else state)
    with _parts() as parts, _session(parts) as session:
        found = queries.page(session, SYSTEM, wanted, after=None, limit=MOST_SHOWN).rows
        total = sum(number for name, number in queries.counts(session, SYSTEM).items() if state in (name, "all"))
        shown = [_told(letter) for letter in found]
    if as_json:
        click.echo(json.dumps({"total": total, "items": shown}, ensure_ascii=False, indent=2))
        return
    for one in shown:
        click.echo(
            f"{one['id']:>6}  {one['state']:<9}  {one['event_type']:<26} {one['subscriber']:<28} "
            f"{one['failures']:>2}x  {one['error']}  at {one['place']}  trace {one['trace_id']}"
        )
    click.echo(f"{total} letters. Retry: ostrov events retry ID, or --all." if total else "Everything arrived.")


def _told(letter: JobFailure) -> dict[str, Any]:
    values = {name: getattr(letter, name) for name in FIELDS}
    return {
        k: v.isoformat() if isinstance(v, datetime) else v if isinstance(v, int) else str(v) for k, v in values.items()
    }


@events.command()
@click.argument("letter", type=click.IntRange(min=1), required=False)
@click.option("--all", "every", is_flag=True, help="Every dead letter.")
def retry(letter: int | None, every: bool) -> None:
    """Put dead letters back into their queues: one by its ID, or --all."""
    if (letter is None) == (not every):
        raise click.UsageError("Give the ID of a letter, or --all. `ostrov events dead` lists them.")
    with _parts() as parts, _session(parts) as session:
        number = 1
        if letter is None:
            number = service.retry_all(session, SYSTEM)
        else:
            service.retry(session, SYSTEM, letter)
    click.echo(f"{number} back in the queue.")


@events.command()
@click.argument("letter", type=click.IntRange(min=1))
@click.option("--reason", required=True, help="Why; it stays on record.")
def discard(letter: int, reason: str) -> None:
    """Give the dead letter with this ID up for good."""
    with _parts() as parts, _session(parts) as session:
        service.discard(session, SYSTEM, letter, reason)
    click.echo(f"Letter {letter} is discarded.")


@events.command()
@click.option("--since", required=True, help="From when: 2026-11-01, 2026-11-01T09:30, or 90m, 12h, 7d, 2w ago.")
@click.option("--until", default="", help="Until when (not included); now when not given.")
@click.option("--type", "types", multiple=True, help="Type of event; may be given several times. All when not given.")
@click.option("--subscriber", "names", multiple=True, help="Only these subscribers.")
@click.option("--again", is_flag=True, help="Also events that were taken, by subscribers that overwrite their effect.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--wait", is_flag=True, help="Return when the workers have done it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(
    *,
    since: str,
    until: str,
    types: tuple[str, ...],
    names: tuple[str, ...],
    again: bool,
    dry_run: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Give subscribers past events that they have not taken; nothing takes effect twice."""
    with _parts() as parts:
        zone = ZoneInfo(parts.settings.timezone)
        window = Window(_moment(since, "--since", zone), _moment(until, "--until", zone) if until else now(), types)
        if window.until <= window.since:
            raise click.BadParameter("--until lies before --since.", param_hint="--until")
        wanted = _chosen(parts.outbox, types, names, again=again)
        started = time.perf_counter()
        plans = [_one(parts, subscriber, window, again=again, dry_run=dry_run) for subscriber in wanted]
        seconds = time.perf_counter() - started
        if wait and not dry_run:
            past.wait(parts.sessions, wanted, lambda left: _show(f"{left} left"))
        total = time.perf_counter() - started
    _report(plans, seconds, total if wait and not dry_run else None, dry_run=dry_run, as_json=as_json)


def _moment(text: str, option: str, zone: ZoneInfo) -> datetime:
    """A moment as a person writes it, in the company's time when no zone is named."""
    if found := AGO.fullmatch(text.strip()):
        return now() - timedelta(**{UNITS[found[2]]: int(found[1])})
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        message = f"{text!r} is no moment. Write 2026-11-01, 2026-11-01T09:30 or how long ago: 90m, 12h, 7d, 2w."
        raise click.BadParameter(message, param_hint=option) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _chosen(outbox: Outbox, types: Sequence[str], names: Sequence[str], *, again: bool) -> list[Subscriber]:
    for option, given, known in (("--type", types, outbox.by_type), ("--subscriber", names, outbox.by_name)):
        for name in given:
            if name not in known:
                message = f"nothing subscribes to {name!r}" if option == "--type" else f"there is no {name!r}"
                raise click.BadParameter(f"{message}. Known: {', '.join(sorted(known))}.", param_hint=option)
    wanted = past.chosen(outbox, types, names, again=again)
    if not wanted:
        remedy = "Leave --again out: these subscribers cannot overwrite their effect." if again else "Widen the choice."
        raise click.ClickException(f"No subscriber fits. {remedy}")
    return wanted


def _one(parts: wiring.Parts, subscriber: Subscriber, window: Window, *, again: bool, dry_run: bool) -> Plan:
    if dry_run:
        with parts.sessions() as session:
            return past.plan(session, subscriber, window, again=again)
    try:
        return past.replay(
            parts.sessions, parts.outbox, subscriber, window, again=again,
            progress=lambda so_far: _show(f"{subscriber.name}: {so_far.events} events read, {so_far.queued} queued"),
        )  # fmt: skip
    except Busy:
        raise click.ClickException("Another replay runs. Wait until it ends.") from None


def _show(line: str) -> None:
    """Progress for a person: one line that is written over, on the terminal alone."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{line}", nl=False, err=True)


def _report(plans: Sequence[Plan], seconds: float, total: float | None, *, dry_run: bool, as_json: bool) -> None:
    if sys.stderr.isatty():
        click.echo("\r\033[K", nl=False, err=True)
    counts = ("events", "queued", "taken", "in_queue", "dead")
    rows: list[dict[str, Any]] = [
        {"subscriber": p.subscriber.name, "type": p.subscriber.event_type} | {c: getattr(p, c) for c in counts}
        for p in plans
    ]
    sums = {count: sum(getattr(p, count) for p in plans) for count in counts}
    if as_json:
        speed = round(sums["events"] / seconds, 1) if seconds else None
        body = {"dry_run": dry_run, **sums, "seconds": round(seconds, 3), "events_per_second": speed}
        done = {} if total is None else {"done_in_seconds": round(total, 3)}
        click.echo(json.dumps({**body, **done, "subscribers": rows}, indent=2))
        return
    for row in rows:
        click.echo(
            f"{row['type']:<28} {row['subscriber']:<28} {row['events']:>8} events  {row['queued']:>8} to run  "
            f"{row['taken']:>8} taken  {row['in_queue']:>6} waiting  {row['dead']:>6} dead"
        )
    verb = "would be run" if dry_run else "queued" if total is None else f"run in {total:.1f} s"
    click.echo(f"{sums['events']} events read in {seconds:.1f} s; {sums['queued']} {verb}.")
