"""Communications, documents, proposals, search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import Vector
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "chunks",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("second", sa.Double(), nullable=True),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column(
            "words",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('russian', body) || to_tsvector('english', body)", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "grams",
            postgresql.ARRAY(sa.TEXT()),
            sa.Computed("CASE WHEN kind = 'text' THEN NULL ELSE ostrov_grams(body) END", persisted=True),
            nullable=True,
        ),
        sa.Column("embedding", Vector(dim=384), nullable=True),
        sa.Column("embedding_model", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chunks")),
    )
    op.create_index(
        "ix_chunks_embedding",
        "chunks",
        ["embedding"],
        unique=False,
        postgresql_using="hnsw",
        postgresql_ops={"embedding": "vector_cosine_ops"},
    )
    op.create_index(op.f("ix_chunks_entity_entity_id"), "chunks", ["entity", "entity_id"], unique=False)
    op.create_index(
        "ix_chunks_grams",
        "chunks",
        ["grams"],
        unique=False,
        postgresql_using="gin",
        postgresql_where=sa.text("grams IS NOT NULL"),
    )
    op.create_index(
        "ix_chunks_pending",
        "chunks",
        ["id"],
        unique=False,
        postgresql_where=sa.text("embedding IS NULL AND kind = 'text'"),
    )
    op.create_index(
        "ix_chunks_text", "chunks", ["entity", "entity_id"], unique=False, postgresql_where=sa.text("kind = 'text'")
    )
    op.create_index("ix_chunks_words", "chunks", ["words"], unique=False, postgresql_using="gin")
    op.create_table(
        "proposals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("module_version", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("display", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("segment", sa.Integer(), nullable=True),
        sa.Column("second", sa.Double(), nullable=False),
        sa.Column("speaker", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("group", sa.Integer(), nullable=True),
        sa.Column("known_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), server_default="proposed", nullable=False),
        sa.Column("final_value", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("target_type", sa.Text(), nullable=True),
        sa.Column("target_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed','accepted','edited','rejected','undone','kept')",
            name=op.f("ck_proposals_state_known"),
        ),
        sa.CheckConstraint("value <> 'null'::jsonb", name=op.f("ck_proposals_value_given")),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("ck_proposals_confidence_is_a_share")),
        sa.CheckConstraint("length(btrim(quote)) > 0", name=op.f("ck_proposals_evidence_given")),
        sa.CheckConstraint("second >= 0", name=op.f("ck_proposals_second_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
    )
    op.create_index(op.f("ix_proposals_run_id"), "proposals", ["run_id"], unique=False)
    op.create_index(
        op.f("ix_proposals_subject_type_subject_id"), "proposals", ["subject_type", "subject_id"], unique=False
    )
    op.create_table(
        "recordings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("duration_seconds", sa.Double(), nullable=True),
        sa.Column("channels", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
        sa.UniqueConstraint("sha256", name=op.f("uq_recordings_sha256")),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("module_version", sa.Text(), nullable=False),
        sa.Column("prompt_version", sa.Text(), server_default="", nullable=False),
        sa.Column("prompt_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("model", sa.Text(), server_default="", nullable=False),
        sa.Column("duration_ms", sa.Integer(), server_default="0", nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("completion_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_subject_type_subject_id"), "runs", ["subject_type", "subject_id"], unique=False)
    op.create_table(
        "documents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), server_default="received", nullable=False),
        sa.Column("state_detail", sa.Text(), server_default="", nullable=False),
        sa.Column("human_fields", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('received','indexed','failed')", name=op.f("ck_documents_state_known")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_documents_organisation_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_documents_owner_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_documents_team_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
    )
    op.create_index(op.f("ix_documents_organisation_id"), "documents", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_documents_owner_id"), "documents", ["owner_id"], unique=False)
    op.create_index(op.f("ix_documents_sha256"), "documents", ["sha256"], unique=False)
    op.create_index(op.f("ix_documents_team_id"), "documents", ["team_id"], unique=False)
    op.create_index(op.f("ix_documents_updated_at_id"), "documents", ["updated_at", "id"], unique=False)
    op.create_table(
        "document_pages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_pages_document_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_pages")),
        sa.UniqueConstraint("document_id", "number", name=op.f("uq_document_pages_document_id_number")),
    )
    op.create_table(
        "communications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("summary", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("deal_id", sa.Integer(), nullable=True),
        sa.Column("recording_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), server_default="done", nullable=False),
        sa.Column("state_detail", sa.Text(), server_default="", nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("intent", sa.Text(), nullable=True),
        sa.Column("sentiment", sa.Text(), nullable=True),
        sa.Column("summary_points", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("transcribed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("understood_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("to_review", sa.Integer(), server_default="0", nullable=False),
        sa.Column("human_fields", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('call','email','message','meeting','form','note')", name=op.f("ck_communications_kind_known")
        ),
        sa.CheckConstraint(
            "state IN ('received','transcribed','understood','failed','done')",
            name=op.f("ck_communications_state_known"),
        ),
        sa.ForeignKeyConstraint(["deal_id"], ["deals.id"], name=op.f("fk_communications_deal_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_communications_organisation_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_communications_owner_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_communications_person_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name=op.f("fk_communications_recording_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_communications_team_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_communications")),
    )
    op.create_index(op.f("ix_communications_deal_id"), "communications", ["deal_id"], unique=False)
    op.create_index(op.f("ix_communications_occurred_at_id"), "communications", ["occurred_at", "id"], unique=False)
    op.create_index(
        op.f("ix_communications_organisation_id_occurred_at_id"),
        "communications",
        ["organisation_id", "occurred_at", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_communications_owner_id"), "communications", ["owner_id"], unique=False)
    op.create_index(
        op.f("ix_communications_person_id_occurred_at_id"),
        "communications",
        ["person_id", "occurred_at", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_communications_recording_id"), "communications", ["recording_id"], unique=False)
    op.create_index(
        "ix_communications_review",
        "communications",
        ["occurred_at", "id"],
        unique=False,
        postgresql_where=sa.text("to_review > 0"),
    )
    op.create_index(op.f("ix_communications_team_id"), "communications", ["team_id"], unique=False)
    op.create_table(
        "segments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("communication_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("start", sa.Double(), nullable=False),
        sa.Column("end", sa.Double(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("channel", sa.Integer(), nullable=True),
        sa.Column("speaker", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("words", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.ForeignKeyConstraint(
            ["communication_id"], ["communications.id"], name=op.f("fk_segments_communication_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
        sa.UniqueConstraint("communication_id", "position", name=op.f("uq_segments_communication_id_position")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("segments")
    op.drop_index(op.f("ix_communications_team_id"), table_name="communications")
    op.drop_index("ix_communications_review", table_name="communications", postgresql_where=sa.text("to_review > 0"))
    op.drop_index(op.f("ix_communications_recording_id"), table_name="communications")
    op.drop_index(op.f("ix_communications_person_id_occurred_at_id"), table_name="communications")
    op.drop_index(op.f("ix_communications_owner_id"), table_name="communications")
    op.drop_index(op.f("ix_communications_organisation_id_occurred_at_id"), table_name="communications")
    op.drop_index(op.f("ix_communications_occurred_at_id"), table_name="communications")
    op.drop_index(op.f("ix_communications_deal_id"), table_name="communications")
    op.drop_table("communications")
    op.drop_table("document_pages")
    op.drop_index(op.f("ix_documents_updated_at_id"), table_name="documents")
    op.drop_index(op.f("ix_documents_team_id"), table_name="documents")
    op.drop_index(op.f("ix_documents_sha256"), table_name="documents")
    op.drop_index(op.f("ix_documents_owner_id"), table_name="documents")
    op.drop_index(op.f("ix_documents_organisation_id"), table_name="documents")
    op.drop_table("documents")
    op.drop_index(op.f("ix_runs_subject_type_subject_id"), table_name="runs")
    op.drop_table("runs")
    op.drop_table("recordings")
    op.drop_index(op.f("ix_proposals_subject_type_subject_id"), table_name="proposals")
    op.drop_index(op.f("ix_proposals_run_id"), table_name="proposals")
    op.drop_table("proposals")
    op.drop_index("ix_chunks_words", table_name="chunks", postgresql_using="gin")
    op.drop_index("ix_chunks_text", table_name="chunks", postgresql_where=sa.text("kind = 'text'"))
    op.drop_index(
        "ix_chunks_pending", table_name="chunks", postgresql_where=sa.text("embedding IS NULL AND kind = 'text'")
    )
    op.drop_index(
        "ix_chunks_grams", table_name="chunks", postgresql_using="gin", postgresql_where=sa.text("grams IS NOT NULL")
    )
    op.drop_index(op.f("ix_chunks_entity_entity_id"), table_name="chunks")
    op.drop_index(
        "ix_chunks_embedding",
        table_name="chunks",
        postgresql_using="hnsw",
        postgresql_ops={"embedding": "vector_cosine_ops"},
    )
    op.drop_table("chunks")
