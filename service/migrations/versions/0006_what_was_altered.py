"""Followers know which event last altered their rows, and rebuilds what was closed when they began."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("follower", schema=None) as batch_op:
        batch_op.add_column(sa.Column("changed", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("follower", schema=None) as batch_op:
        batch_op.alter_column("changed", server_default=None)
    with op.batch_alter_table("rebuild", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mark", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("rebuild", schema=None) as batch_op:
        batch_op.alter_column("mark", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("rebuild", schema=None) as batch_op:
        batch_op.drop_column("mark")
    with op.batch_alter_table("follower", schema=None) as batch_op:
        batch_op.drop_column("changed")
