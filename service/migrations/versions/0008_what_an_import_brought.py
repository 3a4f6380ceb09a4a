"""An import has a source number of its own and is retracted by itself; a retracted source knows its items again."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.add_column(sa.Column("import_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("keyed_by", sa.Integer(), nullable=True))


def downgrade() -> None:
    # The numbers stay: to a program of before they are numbers that a source no longer goes by.
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.drop_column("keyed_by")
        batch_op.drop_column("import_id")
