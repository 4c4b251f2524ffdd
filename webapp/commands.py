"""The web application's part of the `ostrov` command."""

from __future__ import annotations

import json
import os
import secrets
import socket
from pathlib import Path
from typing import Any

import click
from gunicorn.app.base import BaseApplication

from appliance import service_manager
from appliance.settings import MigrationSettings, SettingsError, WebSettings, read
from webapp import wiring
from webapp import worker as worker_program
from webapp.app import create_app
from webapp.crm.deals.defaults import ensure_stages
from webapp.crm.users.defaults import ensure_roles
from webapp.crm.users.models import ApiToken
from webapp.crm.users.queries import hash_secret, user_by_username
from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin
from webapp.kit.db import transaction
from webapp.migrations.run import migrate as run_migrations
from webapp.sample import load as sample_load
from webapp.sample import pools

SOCKET_MODE = 0o660  # owner and group may connect: the group is that of the folder, the proxy's


def _bound(place: str) -> int:
    """A descriptor of a unix socket in its place; gunicorn itself would take the socket from the folder's group."""
    path = Path(place)
    if path.is_socket():  # a killed process left it
        path.unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        try:
            listener.bind(place)
            path.chmod(SOCKET_MODE)
        except OSError as error:
            raise SettingsError(
                f"OSTROV_WEB_SOCKET={place!r} cannot be used ({error.strerror}). Name a place in a folder that this "
                "program's user may write to."
            ) from None
        return listener.detach()


class Server(BaseApplication):  # type: ignore[misc, unused-ignore]
    """gunicorn with our settings instead of a configuration file."""

    def __init__(self, settings: WebSettings) -> None:
        self.settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Options: threads, because most of a request's time is spent waiting for PostgreSQL or a stream."""
        chosen = self.settings
        # gunicorn itself would say that it is ready before any of its processes has loaded the application
        manager = os.environ.pop("NOTIFY_SOCKET", "")

        def ready(_process: object) -> None:
            service_manager.say(service_manager.READY, manager)

        options: dict[str, Any] = {
            "bind": [
                f"fd://{_bound(chosen.web_socket)}" if chosen.web_socket else f"{chosen.web_host}:{chosen.web_port}"
            ],
            "post_worker_init": ready,
            "workers": chosen.web_processes,
            "worker_class": "gthread",
            "threads": chosen.web_threads,
            "timeout": 120,
            "graceful_timeout": chosen.web_stop_seconds,
            "keepalive": 30,
            "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,  # noqa: PTH112, S108
            "control_socket_disable": True,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """The application of one gunicorn process."""
        return create_app(self.settings)


@click.command()
def web() -> None:
    """Serve the CRM's pages and API."""
    Server(read(WebSettings)).run()


@click.command()
def worker() -> None:
    """Run background jobs and event subscribers."""
    worker_program.run(read(WebSettings))


@click.command()
@click.option("--revision", default="head", help="Where to go; -1 takes the last migration back.")
def migrate(revision: str) -> None:
    """Bring the database schema up to date and make sure that roles and stages exist."""
    run_migrations(read(MigrationSettings).database_url, revision)
    if revision == "head":
        parts = wiring.assemble(read(WebSettings))
        with transaction(parts.sessions) as session:
            begin(session, SYSTEM)
            ensure_roles(session)
            ensure_stages(session)
        parts.engine.dispose()
    click.echo("The database schema is up to date.")


@click.group()
def sample() -> None:
    """The sample company of the demo."""


@sample.command("load")
@click.option("--people", default=400, show_default=True, help="How many people to make.")
@click.option("--seed", default=7, show_default=True, help="The same seed makes the same company.")
@click.option("--communications", type=int, help="How many communications to make; two a person when not given.")
def load(people: int, seed: int, communications: int | None) -> None:
    """Fill an empty CRM with a believable company; does nothing when it is there already."""
    settings = read(WebSettings)
    parts = wiring.assemble(settings)
    click.echo(
        sample_load.load(
            parts.sessions, people=people, seed=seed, timezone=settings.timezone, communications=communications
        )
    )
    parts.engine.dispose()
    tell_accounts(settings.home)


def tell_accounts(home: Path) -> None:
    """Leave the demo's accounts where the demo's last lines find them."""
    shown = [
        {"username": username, "password": pools.PASSWORD, "role": role}
        for username, _name, _team, role, _locale in pools.ACCOUNTS[: pools.PERSONAS]
    ]
    folder = home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "accounts.json").write_text(json.dumps(shown))


@click.group()
def token() -> None:
    """Bearer tokens for the API."""


@token.command("create")
@click.option("--user", "username", required=True, help="Whose rights the token has.")
@click.option("--name", default="command line", help="What the token is for.")
def create_token(username: str, name: str) -> None:
    """Print a new token; it is shown once and only its hash is kept."""
    parts = wiring.assemble(read(WebSettings))
    secret = f"ost_{secrets.token_urlsafe(32)}"
    with transaction(parts.sessions) as session:
        begin(session, SYSTEM)
        user = user_by_username(session, username)
        if user is None:
            raise click.ClickException(f"There is no account named {username!r}. See the accounts page for the names.")
        session.add(ApiToken(user_id=user.id, name=name, secret_hash=hash_secret(secret)))
    click.echo(secret)
