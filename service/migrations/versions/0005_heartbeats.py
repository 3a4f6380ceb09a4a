"""Heartbeats of sources, and from when on each has to report."""

import sqlalchemy as sa
import sqlmodel
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("workspace_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "source", "day"),
    )
    op.create_table(
        "rm_expectation",
        sa.Column("workspace_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("since_position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until_position", sa.BigInteger(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "generation", "source", "since_position"),
    )
    with op.batch_alter_table("rm_expectation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rm_expectation_event_id"), ["event_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("rm_expectation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rm_expectation_event_id"))

    op.drop_table("rm_expectation")
    op.drop_table("heartbeat")
