"""The `ostrov` command: one group whose subcommands the rooms of the product register by entry point."""
