"""The root of the `ostrov` command.

A subcommand is an entry point of the group `ostrov.commands`; its module is imported only when the subcommand
is asked for, so `ostrov status` starts without paying for the web application or for the engines.
"""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, entry_points
from importlib.metadata import version as installed_version

import click

from appliance.cli.problem import Problem
from appliance.cli.running import adopt_settings
from appliance.settings import SettingsError

COMMAND_GROUP = "ostrov.commands"
EXIT_SETTINGS = 2
OF_THE_DEMO_ITSELF = frozenset({"demo", "models", "status"})


def _registered() -> dict[str, EntryPoint]:
    """Return every registered subcommand by its name."""
    return {entry.name: entry for entry in entry_points(group=COMMAND_GROUP)}


def _unavailable(name: str, reason: str) -> click.Command:
    """Build the stand-in of a subcommand whose code cannot be imported: it lists itself and says why it fails."""

    def explain() -> None:
        sentence = f"The command '{name}' cannot be loaded: {reason}."
        raise Problem(sentence, "Run `make setup` to install what is missing, then try again.")

    return click.Command(
        name,
        callback=explain,
        short_help=f"not available: {reason}",
        context_settings={
            "ignore_unknown_options": True,
            "allow_extra_args": True,
        },
    )


class Commands(click.Group):
    """A click group that finds its subcommands among entry points and imports them on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all subcommands, sorted."""
        del ctx
        return sorted(_registered())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one subcommand, its stand-in when it is broken, None when nobody registered it."""
        del ctx
        entry = _registered().get(cmd_name)
        if entry is None:
            return None
        try:
            command = entry.load()
        except (ImportError, AttributeError) as error:
            return _unavailable(cmd_name, str(error))
        if not isinstance(command, click.Command):
            return _unavailable(cmd_name, f"{entry.value} is not a command")
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(installed_version("ostrov"), prog_name="ostrov")
@click.pass_context
def ostrov(context: click.Context) -> None:
    """Run, inspect and look after an Ostrov appliance."""
    if context.invoked_subcommand not in OF_THE_DEMO_ITSELF:
        adopt_settings([word for word in sys.argv[1:] if not word.startswith("-")])


def main() -> None:
    """Run the command; a setting that cannot be read ends as one sentence, not as a traceback."""
    try:
        ostrov.main(prog_name="ostrov")
    except SettingsError as error:
        Problem(str(error)).show()
        sys.exit(EXIT_SETTINGS)


if __name__ == "__main__":
    main()
