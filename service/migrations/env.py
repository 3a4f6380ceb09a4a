"""Runs migrations on the connection that `service.schema` hands over."""

from alembic import context
from sqlmodel import SQLModel

import service.schema  # noqa: F401 (declares every table)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    # SQLite cannot alter a column; batch mode copies the table instead.
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
