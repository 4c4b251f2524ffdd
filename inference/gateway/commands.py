"""`ostrov gateway`: serve the one door to the models, bring its tables up to date, make keys for its callers."""

from __future__ import annotations

import click
from pydantic import TypeAdapter, ValidationError

from appliance.settings import GatewaySettings, MigrationSettings, read
from inference.gateway.config import OWN_KEY, OWN_POLICY, SETTING, Name
from inference.gateway.keys import fingerprint, new_secret
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


@gateway.group()
def key() -> None:
    """Make keys for programs that use the gateway."""


@key.command("new")
@click.argument("name")
@click.option("--policy", default=OWN_POLICY, show_default=True, help="The policy that the key gets.")
def new_key(name: str, policy: str) -> None:
    """Make a key for the caller NAME: it is shown once, the gateway keeps its SHA-256 alone."""
    for what, given in (("NAME", name), ("--policy", policy)):
        try:
            TypeAdapter(Name).validate_python(given)
        except ValidationError as error:
            message = f"{what} {given!r} must be 1 to 64 Latin letters, digits, dots, hyphens and underscores."
            raise click.UsageError(message) from error
    if name == OWN_KEY:
        message = f"The name {OWN_KEY!r} is that of OSTROV_GATEWAY_KEY. Choose another name."
        raise click.UsageError(message)
    secret = new_secret()
    click.echo(f"The key, shown only now:\n\n{secret}\n\nAdd these lines to the file {SETTING}:\n")
    click.echo(f'[[keys]]\nname = "{name}"\nsha256 = "{fingerprint(secret)}"\npolicy = "{policy}"')
