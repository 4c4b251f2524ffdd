"""The ground floor: settings, the JSON contract, the audit chain, the model store and the `ostrov` command."""
