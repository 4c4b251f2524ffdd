"""The run log in its two stages: what happened, and what it rested on."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

RUNS = """
CREATE TABLE gateway.runs (
    id uuid PRIMARY KEY,
    started_at timestamptz NOT NULL,
    endpoint text NOT NULL,
    actor text,
    request_id text,
    subject_type text,
    subject_id text,
    module text,
    module_version text,
    prompt_version text,
    prompt_hash text,
    engine text,
    model text,
    model_hash text,
    policy text,
    prompt_tokens integer NOT NULL,
    completion_tokens integer NOT NULL,
    attempts integer NOT NULL,
    engine_ms integer NOT NULL,
    duration_ms integer NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('ok', 'repaired', 'degraded', 'output_invalid', 'engine_unavailable',
        'input_invalid', 'refused', 'failed', 'cancelled')),
    reason text,
    masked_prompt text,
    masked_answer text
)
"""
FEATURES = """
CREATE TABLE gateway.run_features (
    run_id uuid NOT NULL REFERENCES gateway.runs (id) ON DELETE CASCADE,
    position integer NOT NULL,
    feature text NOT NULL,
    value jsonb,
    quote text,
    ref text,
    segment integer,
    second double precision,
    confidence double precision,
    contribution double precision,
    PRIMARY KEY (run_id, position)
)
"""
GRANTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ostrov_gateway') THEN
        GRANT USAGE ON SCHEMA gateway TO ostrov_gateway;
        GRANT SELECT, INSERT, DELETE ON gateway.runs, gateway.run_features TO ostrov_gateway;
    END IF;
END
$$
"""


def upgrade() -> None:
    """Create both tables, the indexes that questions about runs need, and the gateway's rights."""
    op.execute(RUNS)
    op.execute(FEATURES)
    op.execute("CREATE INDEX runs_started_at ON gateway.runs (started_at)")
    op.execute("CREATE INDEX runs_subject ON gateway.runs (subject_type, subject_id, started_at)")
    op.execute(GRANTS)


def downgrade() -> None:
    """Drop both tables with what they hold."""
    op.execute("DROP TABLE gateway.run_features")
    op.execute("DROP TABLE gateway.runs")
