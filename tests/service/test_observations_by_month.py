"""The migration that gives each month of observations a table of its own, there and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import insert, inspect, select, text

from events.database import Database
from events.partitions import make_ahead
from events.tables import USAGE
from events.usage_log import dedupe_key, last_seq, record
from service.schema import config
from tests.events.cast import use

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)

NOW = datetime.now(UTC)
LATE = NOW + timedelta(days=3000)
AGO = (0, 40, 390, 800, -3000)
"""Days. The longest retention is 400; the last is what a clock that was far ahead left behind."""


def migrate(database: Database, revision: str) -> None:
    settings = config()
    with database.write("events", "") as connection:
        settings.attributes["connection"] = connection
        (command.upgrade if revision == "head" else command.downgrade)(settings, revision)


def name_of(moment: datetime) -> str:
    return f"usage_{moment:%Y_%m}"


def places(database: Database) -> dict[tuple[str, int], str]:
    """The table that each observation lies in, by workspace and seq."""
    with database.read() as connection:
        rows = connection.execute(text("SELECT workspace_id, seq, tableoid::regclass::text FROM usage"))
        return {(row[0], row[1]): row[2] for row in rows}


def content(database: Database) -> list[tuple[Any, ...]]:
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(select(USAGE).order_by(USAGE.c.workspace_id, USAGE.c.k))]


def shape(database: Database) -> tuple[object, ...]:
    with database.read() as connection:
        inspector = inspect(connection)
        kind = connection.scalar(text("SELECT relkind FROM pg_class WHERE oid = 'usage'::regclass"))
        # Names of indexes, because the next migration may have to name them.
        indexes = sorted(str(index["name"]) for index in inspector.get_indexes("usage"))
        return kind, inspector.get_pk_constraint("usage")["name"], indexes, sorted(inspector.get_table_names())


def fill(database: Database) -> None:
    for workspace in ("one", "two"):
        with database.write("usage", workspace) as connection:
            for days in AGO:
                instant = int((NOW - timedelta(days=days)).timestamp() * 1000)
                told = use("a", occurred_ms=instant, properties='{"wörd":1}', duration_ms=None if days else 5)
                record(connection, workspace, [told], instant)
            record(connection, workspace, [use("b", occurred_ms=None)], 1)
            connection.execute(insert(USAGE).values(_marker(workspace)))


def _marker(workspace: str) -> dict[str, Any]:
    """What an import of an export leaves, so that numbers go on after those that its seals speak of."""
    place = {"source_id": 0, "account_id": 0, "feature_id": 0, "occurred_ms": 0, "received_ms": 0, "count": 0}
    return {"workspace_id": workspace, "k": bytes(16), "seq": 1000, **place}


def test_a_store_with_observations_goes_over_to_months_and_back_without_loss(database: Database) -> None:
    months = shape(database)
    migrate(database, "0006")
    single = shape(database)
    assert single[:3] == ("r", "usage_pkey", ["usage_seq"])
    fill(database)
    before = content(database)
    assert len(before) == 14
    migrate(database, "head")
    assert shape(database)[:3] == ("p", "usage_pkey", ["usage_seq"])
    assert content(database) == before
    here = [name_of(NOW - timedelta(days=days)) for days in AGO[:3]]
    wanted = dict(enumerate([*here, *["usage_default"] * 3], start=1)) | {1000: "usage_default"}
    assert places(database) == {(one, seq): name for one in ("one", "two") for seq, name in wanted.items()}
    for workspace in ("one", "two"):
        with database.write("usage", workspace) as connection:
            assert last_seq(connection, workspace) == 1000
            assert record(connection, workspace, [use("b", occurred_ms=None), use("c")], 1) == [False, True]
    assert make_ahead(database, NOW) == []
    assert make_ahead(database, LATE) != [name_of(LATE)], "DEFAULT holds rows of it"
    there = content(database)
    migrate(database, "0006")
    assert shape(database) == single
    assert content(database) == there
    migrate(database, "head")
    assert content(database) == there
    assert set(months[3]) <= set(shape(database)[3])


def test_postgresql_knows_at_once_how_many_observations_there_are(database: Database) -> None:
    """A follower that is behind would sort all of them for each of its steps."""
    migrate(database, "0006")
    fill(database)
    for revision in ("head", "0006"):
        migrate(database, revision)
        with database.read() as connection:
            leaves = "SELECT sum(reltuples) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'usage%'"
            assert connection.scalar(text(leaves)) == len(content(database))


def test_an_empty_store_has_this_month_and_the_next_two(database: Database) -> None:
    assert make_ahead(database, NOW) == []
    names = [name for name in shape(database)[3] if name.startswith("usage_2")]
    assert len(names) == 3
    assert names[0] == name_of(NOW)


def test_what_was_stored_before_is_a_repeat_afterwards(database: Database) -> None:
    migrate(database, "0006")
    fill(database)
    migrate(database, "head")
    again = [use("a", occurred_ms=int((NOW - timedelta(days=days)).timestamp() * 1000)) for days in AGO]
    with database.write("usage", "one") as connection:
        assert record(connection, "one", again, 1) == [False] * len(AGO)
        assert connection.scalar(select(USAGE.c.seq).where(USAGE.c.k == dedupe_key(1, "b", None)).limit(1)) == 6
