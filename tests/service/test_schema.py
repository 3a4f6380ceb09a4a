"""The migrations and the declared tables say the same, and no program touches a newer store."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlmodel import SQLModel

from events.connect import open_database
from events.database import Database
from service.schema import NewerSchema, config, upgrade

NEWEST = ScriptDirectory.from_config(config()).get_current_head()


@pytest.fixture(params=["sqlite", "postgres"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty store, without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    base = request.getfixturevalue("postgres_server")
    with psycopg.connect(base, autocommit=True) as admin:
        admin.execute("CREATE DATABASE takehold_bare")
        head, _, query = base.partition("?")
        yield f"{head.rsplit('/', 1)[0]}/takehold_bare" + (f"?{query}" if query else "")
        admin.execute("DROP DATABASE takehold_bare WITH (FORCE)")


def revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def tables(database: Database) -> set[str]:
    with database.read() as connection:
        return set(inspect(connection).get_table_names())


def partitions(connection: Connection) -> dict[str, str]:
    """Tables that hold a part of another, by name, and of which."""
    if connection.dialect.name == "sqlite":
        return {}
    names = "SELECT inhrelid::regclass::text, inhparent::regclass::text FROM pg_inherits"
    rows = connection.execute(text(f"{names} JOIN pg_class ON oid = inhparent WHERE relkind = 'p'"))
    return {row[0]: row[1] for row in rows}


def test_the_migrations_build_exactly_the_tables_that_are_declared(database: Database) -> None:
    with database.read() as connection:
        parts = partitions(connection)

        def declared(name: str | None, kind: str, _: object) -> bool:
            return not (kind == "table" and name in parts)

        options = {"compare_type": True, "compare_server_default": True, "include_name": declared}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, SQLModel.metadata) == []
    assert set(parts.values()) <= {"usage"}
    assert tables(database) == {*SQLModel.metadata.tables, *parts, "alembic_version"}


def test_what_is_declared_as_partitioned_is_and_each_part_is_like_the_whole(database: Database) -> None:
    wanted = {name for name, table in SQLModel.metadata.tables.items() if table.kwargs["postgresql_partition_by"]}
    assert wanted == {"usage"}
    with database.read() as connection:
        parts = partitions(connection)
        if connection.dialect.name == "sqlite":
            return
        how = connection.scalar(text("SELECT pg_get_partkeydef('usage'::regclass)"))
        inspector = inspect(connection)

        def shape(name: str) -> object:
            indexes = sorted(tuple(index["column_names"]) for index in inspector.get_indexes(name))
            columns = [(one["name"], repr(one["type"]), one["nullable"]) for one in inspector.get_columns(name)]
            return columns, inspector.get_pk_constraint(name)["constrained_columns"], indexes

        assert [name for name in parts if shape(name) != shape("usage")] == []
    assert how == SQLModel.metadata.tables["usage"].kwargs["postgresql_partition_by"]
    assert len(parts) == 4


def test_every_key_starts_with_the_workspace(database: Database) -> None:
    """The workspace is the unit of isolation and of sharding, so nothing may be found without naming one."""
    with database.read() as connection:
        inspector = inspect(connection)
        keys = {
            name: inspector.get_pk_constraint(name)["constrained_columns"]
            for name in tables(database) - {"alembic_version"}
        }
    assert {name: columns for name, columns in keys.items() if columns[:1] != ["workspace_id"]} == {}


def test_an_empty_store_is_brought_to_the_newest_schema(bare_url: str) -> None:
    database = open_database(bare_url)
    upgrade(database)
    with database.read() as connection:
        assert revision(connection) == NEWEST
    assert tables(database) >= set(SQLModel.metadata.tables)
    database.close()


def test_upgrading_again_does_nothing(database: Database) -> None:
    def everything() -> list[tuple[object, ...]]:
        names = (
            "SELECT name, sql FROM sqlite_master ORDER BY name, type"
            if database.engine.dialect.name == "sqlite"
            else "SELECT oid, relname, relfilenode FROM pg_class ORDER BY oid"
        )
        with database.read() as connection:
            return [tuple(row) for row in connection.execute(text(names))]

    before = everything()
    upgrade(database)
    assert everything() == before


def test_programs_that_start_together_do_not_migrate_at_once(bare_url: str) -> None:
    databases = [open_database(bare_url) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(upgrade, databases))
    with databases[0].read() as connection:
        assert revision(connection) == NEWEST
    for database in databases:
        database.close()


def test_a_store_of_a_newer_program_is_left_alone(database: Database) -> None:
    with database.write("events", "") as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from the future'"))
    with pytest.raises(NewerSchema, match="from the future"):
        upgrade(database)
    with database.read() as connection:
        assert revision(connection) == "from the future"


def test_an_upgrade_that_fails_leaves_the_store_as_it_was(bare_url: str) -> None:
    database = open_database(bare_url)
    with database.write("work", "") as connection:
        connection.execute(text("CREATE TABLE workspace (nobody INTEGER)"))
    with pytest.raises(Exception, match="workspace"):
        upgrade(database)
    assert tables(database) == {"workspace"}
    database.close()
