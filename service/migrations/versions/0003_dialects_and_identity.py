"""Dialects: what could not be mapped, what sources say of their actors, and which of these are one."""

import sqlalchemy as sa
import sqlmodel
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claim",
        sa.Column("workspace_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("into_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "account_id", "into_id"),
    )
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_settled"), ["settled"], unique=False)

    op.create_table(
        "quarantine",
        sa.Column("workspace_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("item_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("dialect", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("received_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("item_key", sa.Uuid(), nullable=False),
        sa.Column("item", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "item_hash"),
    )
    op.create_table(
        "rm_merge",
        sa.Column("workspace_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("into_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("since_position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until_position", sa.BigInteger(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "generation", "account_id", "into_id", "since_position"),
    )
    with op.batch_alter_table("rm_merge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rm_merge_event_id"), ["event_id"], unique=False)

    op.create_table(
        "source_terms",
        sa.Column("workspace_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("emails_verified", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "source"),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email_index", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
        batch_op.create_index(batch_op.f("ix_account_email_index"), ["email_index"], unique=False)
    op.create_table(
        "rm_retraction",
        sa.Column("workspace_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("since_position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until_position", sa.BigInteger(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("start", sa.Date(), nullable=True),
        sa.Column("end", sa.Date(), nullable=True),
        sa.Column("received", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "generation", "source_id", "since_position"),
    )
    with op.batch_alter_table("rm_retraction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rm_retraction_event_id"), ["event_id"], unique=False)

    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.add_column(sa.Column("retired", sa.Integer(), nullable=False, server_default="0"))
        batch_op.drop_constraint("source_name", type_="unique")
        batch_op.create_unique_constraint("source_name", ["workspace_id", "name", "retired"])
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.alter_column("retired", server_default=None)


def downgrade() -> None:
    # Without the column a source has one number only.
    op.execute("DELETE FROM source WHERE retired <> 0")
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.drop_constraint("source_name", type_="unique")
        batch_op.create_unique_constraint("source_name", ["workspace_id", "name"])
        batch_op.drop_column("retired")

    with op.batch_alter_table("rm_retraction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rm_retraction_event_id"))

    op.drop_table("rm_retraction")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_email_index"))
        batch_op.drop_column("email_index")

    op.drop_table("source_terms")
    with op.batch_alter_table("rm_merge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rm_merge_event_id"))

    op.drop_table("rm_merge")
    op.drop_table("quarantine")
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_claim_settled"))

    op.drop_table("claim")
