"""`ostrov gateway`: serve the one door to the models; `ostrov gateway migrate`: bring its tables up to date."""

from __future__ import annotations

import click

from appliance.settings import GatewaySettings, MigrationSettings, read
from inference.gateway.server import run
from inference.migrations.upgrade import upgrade


@click.group(invoke_without_command=True)
@click.pass_context
def gateway(context: click.Context) -> None:
    """Run the gateway in the foreground, on loopback."""
    if context.invoked_subcommand is None:
        run(read(GatewaySettings))


@gateway.command()
def migrate() -> None:
    """Create or upgrade the tables of the gateway's run log, as the owner of the database."""
    revision = upgrade(read(MigrationSettings).database_url)
    click.echo(f"The gateway's tables are at revision {revision}.")
