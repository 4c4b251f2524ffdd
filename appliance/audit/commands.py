"""`ostrov audit`: looking after the chain from the server's own console."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import click
from sqlalchemy import create_engine

from appliance.audit.chain import Entry, append, verify
from appliance.settings import DatabaseSettings, read


@click.group()
def audit() -> None:
    """The audit chain."""


@audit.command("verify")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--head", default="", help="A head that was printed earlier: the chain must still contain it.")
def audit_verify(as_json: bool, head: str) -> None:
    """Walk the audit chain; exit code 0 when it holds, 1 at the first broken link.

    The result becomes an entry itself, and the audit room shows it. Keep a printed head elsewhere: only with it can be
    told that the newest entries were cut off.
    """
    engine = create_engine(read(DatabaseSettings).database_url)
    with engine.begin() as connection:
        verdict = verify(connection, head=head.lower())
        details = verdict.summary()
        append(connection, [Entry(datetime.now(UTC), "system", None, "system", "audit.verified", "audit", "", details)])
    engine.dispose()
    if as_json:
        click.echo(json.dumps(details))
    elif verdict.holds:
        click.echo(f"The audit chain holds: {verdict.entries} entries, head {verdict.head}.")
    else:
        click.echo(f"The audit chain is BROKEN: {verdict.reason}. {verdict.entries} entries before it hold.", err=True)
    sys.exit(0 if verdict.holds else 1)
