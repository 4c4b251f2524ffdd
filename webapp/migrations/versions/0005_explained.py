"""What people changed in a value, what an answer rests on, and the rights to see how the models do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Role, entity, actions: for installations whose roles stand already. New ones get them from the defaults.
GRANTS = (
    ("head", "ai", ("view",)),
    ("administrator", "ai", ("view", "edit")),
    ("administrator", "run", ("view",)),
    ("officer", "run", ("view",)),
)
EVERYTHING = 3


def upgrade() -> None:
    """Apply."""
    op.add_column("proposals", sa.Column("edit_distance", sa.Double(), nullable=True))
    op.add_column("runs", sa.Column("cited", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    grant = sa.text(
        "INSERT INTO grants (role_id, entity, action, scope) "
        "SELECT id, :entity, :action, :scope FROM roles WHERE name = :role "
        "ON CONFLICT (role_id, entity, action) DO NOTHING"
    )
    for role, entity, actions in GRANTS:
        for action in actions:
            op.execute(grant.bindparams(role=role, entity=entity, action=action, scope=EVERYTHING))


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM grants WHERE entity IN ('ai', 'run')")
    op.drop_column("runs", "cited")
    op.drop_column("proposals", "edit_distance")
