"""The foundation: jobs, audit chain, trigram function, vector extension."""

from __future__ import annotations

from alembic import op
from procrastinate.schema import SchemaManager
from procrastinate.testing import InMemoryConnector

from appliance.audit.chain import SCHEMA

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Trigrams of a name or a number, lower case, for a GIN index that needs no extension beyond pgvector.
GRAMS = r"""
CREATE FUNCTION ostrov_grams(input text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(s.folded, i, 3)), '{}')
    FROM (SELECT replace(lower(btrim(regexp_replace(input, '\s+', ' ', 'g'))), 'ё', 'е') AS folded) AS s,
         generate_series(1, length(s.folded) - 2) AS i
$$
"""

RIGHTS = (
    "GRANT USAGE ON SCHEMA public, audit TO ostrov_web",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ostrov_web",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO ostrov_web",
    # The chain is append-only for whoever writes it: neither UPDATE nor DELETE nor TRUNCATE is granted.
    "GRANT SELECT, INSERT ON audit.entries TO ostrov_web",
    # The programs say in /readyz whether the schema is the one that they need.
    "GRANT SELECT ON alembic_version TO ostrov_web",
)


def upgrade() -> None:
    """Apply."""
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    for statement in SCHEMA:
        op.execute(statement)
    for statement in RIGHTS:
        op.execute(statement)
    op.execute(GRAMS)
    op.get_bind().exec_driver_sql(SchemaManager(connector=InMemoryConnector()).get_schema().replace("%", "%%"))


def downgrade() -> None:
    """Take back. The audit chain is left where it is: no migration may destroy it."""
    op.execute("DROP FUNCTION ostrov_grams(text)")
