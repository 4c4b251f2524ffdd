"""The feed of events in the order of their commits, records of other systems, and requests that may be sent twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# An event takes its place when its transaction commits, one transaction after the other: a reader who has come to a
# place can never have passed an event that appears later. The lock is the last that a transaction takes.
LINE_UP = """
CREATE FUNCTION ostrov_line_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(4726275);
    INSERT INTO outbox_positions (event_id) VALUES (NEW.id);
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE CONSTRAINT TRIGGER outbox_events_line_up AFTER INSERT ON outbox_events
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ostrov_line_up()
"""
BACKFILL = "INSERT INTO outbox_positions (event_id) SELECT id FROM outbox_events ORDER BY time, id"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "outbox_positions",
        sa.Column("position", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_outbox_positions")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_positions_event_id")),
    )
    op.execute(BACKFILL)
    op.execute(LINE_UP)
    op.execute(TRIGGER)
    op.create_table(
        "feed_readers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_feed_readers")),
    )
    op.create_table(
        "external_records",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("seen", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_records")),
        sa.UniqueConstraint("source", "entity", "key", name=op.f("uq_external_records_source_entity_key")),
    )
    op.create_index(op.f("ix_external_records_entity_record_id"), "external_records", ["entity", "record_id"])
    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("location", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("user_id", "key", name=op.f("uq_idempotency_keys_user_id_key")),
    )
    op.create_index(op.f("ix_idempotency_keys_at"), "idempotency_keys", ["at"])


def downgrade() -> None:
    """Take back."""
    op.execute("DROP TRIGGER outbox_events_line_up ON outbox_events")
    op.execute("DROP FUNCTION ostrov_line_up()")
    for table in ("idempotency_keys", "external_records", "feed_readers", "outbox_positions"):
        op.drop_table(table)
