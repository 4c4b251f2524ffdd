"""Why a run said what it said, what people made of it, and what administrators have decided while it runs."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

RUN_COLUMNS = """
ALTER TABLE gateway.runs
    ADD COLUMN key text,
    ADD COLUMN autonomy text,
    ADD COLUMN masked boolean NOT NULL DEFAULT false,
    ADD COLUMN queue_ms integer NOT NULL DEFAULT 0,
    ADD COLUMN prompt_file text
"""
VERDICTS = """
CREATE TABLE gateway.run_verdicts (
    run_id uuid NOT NULL REFERENCES gateway.runs (id) ON DELETE CASCADE,
    id text NOT NULL,
    sequence bigint GENERATED ALWAYS AS IDENTITY,
    field text NOT NULL,
    value jsonb,
    verdict text NOT NULL CHECK (verdict IN ('accepted', 'edited', 'rejected', 'undone', 'kept')),
    final jsonb,
    edit_distance double precision CHECK (edit_distance BETWEEN 0 AND 1),
    actor text,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, id)
)
"""
DECISIONS = """
CREATE TABLE gateway.decisions (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('feature', 'prompt')),
    name text NOT NULL,
    value jsonb NOT NULL,
    reason text,
    actor text,
    at timestamptz NOT NULL DEFAULT now()
)
"""
# A run can be forgotten, never rewritten: its role may touch the two texts, and this lets it only empty them.
FORGET = """
CREATE FUNCTION gateway.only_forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.masked_prompt IS NOT NULL AND NEW.masked_prompt IS DISTINCT FROM OLD.masked_prompt)
        OR (NEW.masked_answer IS NOT NULL AND NEW.masked_answer IS DISTINCT FROM OLD.masked_answer) THEN
        RAISE EXCEPTION 'the text of a run can be deleted, not changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$
"""
FORGET_TRIGGER = """
CREATE TRIGGER runs_only_forget BEFORE UPDATE ON gateway.runs FOR EACH ROW EXECUTE FUNCTION gateway.only_forget()
"""
GRANTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ostrov_gateway') THEN
        GRANT SELECT, INSERT ON gateway.run_verdicts, gateway.decisions TO ostrov_gateway;
        GRANT UPDATE (masked_prompt, masked_answer) ON gateway.runs TO ostrov_gateway;
    END IF;
END
$$
"""


def upgrade() -> None:
    """Add what explains a run, the verdicts of people, the decisions of administrators, and the right to forget."""
    op.execute(RUN_COLUMNS)
    op.execute("ALTER TABLE gateway.run_features ADD COLUMN contributions jsonb")
    op.execute(VERDICTS)
    op.execute(DECISIONS)
    op.execute(FORGET)
    op.execute(FORGET_TRIGGER)
    op.execute("CREATE INDEX runs_module ON gateway.runs (module, started_at)")
    op.execute(
        "CREATE INDEX runs_with_content ON gateway.runs (started_at)"
        " WHERE masked_prompt IS NOT NULL OR masked_answer IS NOT NULL"
    )
    op.execute(GRANTS)


def downgrade() -> None:
    """Drop all of it again."""
    op.execute("DROP INDEX gateway.runs_with_content, gateway.runs_module")
    op.execute("DROP TRIGGER runs_only_forget ON gateway.runs")
    op.execute("DROP FUNCTION gateway.only_forget()")
    op.execute("DROP TABLE gateway.decisions, gateway.run_verdicts")
    op.execute("ALTER TABLE gateway.run_features DROP COLUMN contributions")
    op.execute(
        "ALTER TABLE gateway.runs DROP COLUMN key, DROP COLUMN autonomy, DROP COLUMN masked, DROP COLUMN queue_ms,"
        " DROP COLUMN prompt_file"
    )
