"""Learning statements: what xAPI clients sent, sealed, and what each can be found by."""

import sqlalchemy as sa
import sqlmodel
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "xapi_statement",
        sa.Column("workspace_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("stated_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("stored_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("agent", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("object_agent", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("verb", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("activity", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("registration", sa.Uuid(), nullable=True),
        sa.Column("session", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("browsing", sa.Boolean(), nullable=False),
        sa.Column("voids", sa.Uuid(), nullable=True),
        sa.Column("voided", sa.Boolean(), nullable=False),
        sa.Column("body_key", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "statement_id"),
        sa.UniqueConstraint("workspace_id", "number", name="xapi_statement_number"),
    )
    with op.batch_alter_table("xapi_statement", schema=None) as batch_op:
        batch_op.create_index("xapi_statement_agent", ["workspace_id", "agent"], unique=False)
        batch_op.create_index("xapi_statement_session", ["workspace_id", "session"], unique=False)
        batch_op.create_index("xapi_statement_voids", ["workspace_id", "voids"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("xapi_statement", schema=None) as batch_op:
        batch_op.drop_index("xapi_statement_voids")
        batch_op.drop_index("xapi_statement_session")
        batch_op.drop_index("xapi_statement_agent")

    op.drop_table("xapi_statement")
