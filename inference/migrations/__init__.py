"""The tables of the gateway's run log, kept by Alembic with a version table of their own in the schema `gateway`."""
