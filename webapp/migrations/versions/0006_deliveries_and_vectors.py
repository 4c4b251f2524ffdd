"""Dead letters, transcripts in pieces, and vectors that know the model that made them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# The web application may make and drop tables of vectors, and nothing else: the owner's rights are lent to these two.
VECTORS_CREATE = """
CREATE FUNCTION ostrov_vectors_create(index_id integer, dimensions integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TABLE public.vectors_%s (chunk_id bigint PRIMARY KEY'
        ' REFERENCES public.chunks (id) ON DELETE CASCADE, embedding public.vector(%s))', index_id, dimensions);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.vectors_%s TO ostrov_web', index_id);
    IF dimensions <= 2000 THEN  -- more than HNSW can hold is compared one by one
        EXECUTE format('CREATE INDEX ON public.vectors_%s USING hnsw (embedding public.vector_cosine_ops)', index_id);
    END IF;
END $$
"""
VECTORS_DROP = """
CREATE FUNCTION ostrov_vectors_drop(index_id integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    EXECUTE format('DROP TABLE IF EXISTS public.vectors_%s', index_id);
END $$
"""
# New text waits for its vector in every index that is built or serves, whichever program wrote it.
QUEUE = """
CREATE FUNCTION ostrov_vectors_queue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO vector_queue (index_id, chunk_id)
    SELECT i.id, n.id FROM written n CROSS JOIN search_indexes i
    WHERE n.kind = 'text' AND i.state IN ('building', 'serving') ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER chunks_wait_for_vectors AFTER INSERT ON chunks REFERENCING NEW TABLE AS written
FOR EACH STATEMENT EXECUTE FUNCTION ostrov_vectors_queue()
"""
# Until now there was one packaged embedding model; its vectors go on serving under its name.
ADOPT = (
    (
        "INSERT INTO search_indexes (model, model_hash, dimensions, state)"
        " SELECT 'multilingual-e5-small-q4', '', 384, 'serving' WHERE EXISTS"
        " (SELECT 1 FROM chunks WHERE embedding IS NOT NULL)"
    ),
    "SELECT ostrov_vectors_create(id, dimensions) FROM search_indexes",
    (
        "DO $$ DECLARE n integer; BEGIN SELECT id INTO n FROM search_indexes; IF n IS NOT NULL THEN"
        " EXECUTE format('INSERT INTO vectors_%s SELECT id, embedding FROM chunks WHERE embedding IS NOT NULL', n);"
        " INSERT INTO vector_queue (index_id, chunk_id)"
        " SELECT n, id FROM chunks WHERE embedding IS NULL AND kind = 'text';"
        " END IF; END $$"
    ),
)


def upgrade() -> None:
    """Apply."""
    _dead_letters()
    op.add_column("communications", sa.Column("heard_seconds", sa.Double(), nullable=True))
    op.create_table(
        "transcript_pieces",
        sa.Column("communication_id", sa.Integer(), nullable=False),
        sa.Column("start", sa.Double(), nullable=False),
        sa.Column("end", sa.Double(), nullable=False),
        sa.Column("heard", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["communication_id"],
            ["communications.id"],
            name="fk_transcript_pieces_communication_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("communication_id", "start", name="pk_transcript_pieces"),
    )
    _vectors()


def _dead_letters() -> None:
    op.create_table(
        "job_failures",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("subscriber", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('retrying','dead','discarded')", name="ck_job_failures_state_known"),
        sa.PrimaryKeyConstraint("id", name="pk_job_failures"),
        sa.UniqueConstraint("event_id", "subscriber", name="uq_job_failures_event_id_subscriber"),
    )
    op.create_index("ix_job_failures_state_last_at_id", "job_failures", ["state", "last_at", "id"])


def _vectors() -> None:
    op.create_table(
        "search_indexes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("model_hash", sa.Text(), nullable=False),
        sa.Column("dimensions", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('building','serving','retired')", name="ck_search_indexes_state_known"),
        sa.PrimaryKeyConstraint("id", name="pk_search_indexes"),
    )
    active = sa.text("state IN ('building', 'serving')")
    op.create_index("ix_search_indexes_active", "search_indexes", ["state"], unique=True, postgresql_where=active)
    op.create_table(
        "vector_queue",
        sa.Column("index_id", sa.Integer(), nullable=False),
        sa.Column("chunk_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["index_id"], ["search_indexes.id"], name="fk_vector_queue_index_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["chunk_id"], ["chunks.id"], name="fk_vector_queue_chunk_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("index_id", "chunk_id", name="pk_vector_queue"),
    )
    op.create_index("ix_vector_queue_chunk_id", "vector_queue", ["chunk_id"])
    for statement in (VECTORS_CREATE, VECTORS_DROP, QUEUE, *ADOPT, TRIGGER):
        op.execute(statement)
    for name in ("ostrov_vectors_create(integer, integer)", "ostrov_vectors_drop(integer)"):
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO ostrov_web")


def downgrade() -> None:
    """Take back; vectors are made anew by the release that comes after."""
    op.execute("DROP TRIGGER chunks_wait_for_vectors ON chunks")
    op.execute("SELECT ostrov_vectors_drop(id) FROM search_indexes")
    for name in (
        "ostrov_vectors_queue()",
        "ostrov_vectors_create(integer, integer)",
        "ostrov_vectors_drop(integer)",
    ):
        op.execute(f"DROP FUNCTION {name}")
    op.drop_table("vector_queue")
    op.drop_table("search_indexes")
    op.drop_table("transcript_pieces")
    op.drop_column("communications", "heard_seconds")
    op.drop_table("job_failures")
