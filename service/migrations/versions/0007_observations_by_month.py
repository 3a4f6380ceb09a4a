"""On PostgreSQL observations lie in a table a month, which is dropped once all in it are forgotten."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LONGEST_KEPT = timedelta(days=400)
"""The longest retention that can be set. What is older was imported, and goes to DEFAULT as it would if it were
imported now."""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    _put_aside()
    op.execute("CREATE TABLE usage (LIKE usage_before) PARTITION BY RANGE (k)")
    op.execute("CREATE TABLE usage_default PARTITION OF usage DEFAULT")
    now = datetime.now(UTC)
    month = _first_month(now)
    for _ in range((now.year - month.year) * 12 + now.month - month.month + 3):
        following = (month + timedelta(days=31)).replace(day=1)
        first, end = (f"{int(one.timestamp() * 1000):012x}" for one in (month, following))
        op.execute(rf"CREATE TABLE usage_{month:%Y_%m} PARTITION OF usage FOR VALUES FROM ('\x{first}') TO ('\x{end}')")
        month = following
    _take_over()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    _put_aside()
    op.execute("CREATE TABLE usage (LIKE usage_before)")
    _take_over()


def _put_aside() -> None:
    op.execute("ALTER TABLE usage RENAME TO usage_before")
    # Their names are those of the new ones.
    op.execute("ALTER INDEX usage_pkey RENAME TO usage_before_pkey")
    op.execute("ALTER INDEX usage_seq RENAME TO usage_before_seq")


def _take_over() -> None:
    op.execute("INSERT INTO usage SELECT * FROM usage_before")
    # After the rows: sorting them once takes half as long as finding the place of each.
    op.execute("ALTER TABLE usage ADD PRIMARY KEY (workspace_id, k)")
    op.execute("CREATE INDEX usage_seq ON usage (workspace_id, seq)")
    op.execute("DROP TABLE usage_before")
    # Until PostgreSQL knows how many rows there are, a follower that is behind sorts all of them for each step.
    op.execute("ANALYZE usage")


def _first_month(now: datetime) -> datetime:
    """Of the oldest observation that is to have a month."""
    oldest = op.get_bind().scalar(
        sa.text("SELECT min(occurred_ms) FROM usage_before WHERE occurred_ms BETWEEN :oldest AND :now"),
        {"oldest": int((now - _LONGEST_KEPT).timestamp() * 1000), "now": int(now.timestamp() * 1000)},
    )
    when = now if oldest is None else datetime.fromtimestamp(oldest / 1000, UTC)
    return when.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
