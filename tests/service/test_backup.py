"""A backup is whole or is refused, and a store that was restored from one cannot be told from the one it was of."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from alembic import command
from sqlalchemy import MetaData, delete, insert, inspect, make_url, select, text, update
from sqlalchemy.event import listen
from sqlalchemy.exc import DatabaseError

from events.connect import open_database
from events.database import Busy, Database
from events.envelope import new_id
from events.partitions import drop_past
from events.tables import EVENT, USAGE
from service.backup import LATER, BadBackup, check, write
from service.commands.usage import retract_import
from service.intake.store import Use, store
from service.restoring import (
    DATA_TABLES,
    AnotherHistory,
    NotEmpty,
    Restore,
    back_up,
    check_file,
    check_own,
    compare,
    restore,
    verify,
)
from service.schema import NewerSchema, config, newest, revisions
from service.settings import Settings
from service.takehold import Takehold
from service.vault import KEY_TABLES
from service.worker.chores import BACKUP, STORE
from service.worker.tables import CHORE
from tests.service.conftest import Caller

MADE_AT = datetime(2026, 5, 5, 10, tzinfo=UTC)


def quiet(*_: object) -> None:
    """Tells nobody how far it is."""


def everything(database: Database, metadata: MetaData = DATA_TABLES) -> dict[str, list[Any]]:
    """All rows by table, but for what a worker or a restore notes about itself."""
    with database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
            if table is not CHORE
        }


@pytest.fixture
def lived_in(launched: Caller, takehold: Takehold) -> Takehold:
    """A store in which things happened; an import was retracted, and its use told again by another."""
    instant = datetime.now(UTC).isoformat()
    events = [
        {"id": str(n), "app": "copilot", "feature": "x", "actor": f"p{n}", "occurred_at": instant} for n in (1, 2)
    ]
    assert launched.post("/usage", {"events": events}).get_json()["stored"] == 2
    wrong, right = new_id(), new_id()
    use = Use("1", "copilot", "x", "p3", 0)
    assert store(takehold, "default", "files", [use], import_id=wrong) == [True]
    with takehold.command("default", "test", "api") as unit:
        retract_import(unit, wrong, "the wrong file")
    assert store(takehold, "default", "files", [use], import_id=right) == [True]
    return takehold


@pytest.fixture
def file(lived_in: Takehold, tmp_path: Path) -> Path:
    path = tmp_path / "backup.gz"
    back_up(lived_in.database, DATA_TABLES, path, quiet)
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty store of either engine, whichever the first is of."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'other.db'}"
        return
    base = request.getfixturevalue("postgres_server")
    with psycopg.connect(base, autocommit=True) as admin:
        admin.execute("CREATE DATABASE takehold_other")
    yield make_url(base).set(database="takehold_other").render_as_string(hide_password=False)
    with psycopg.connect(base, autocommit=True) as admin:
        admin.execute("DROP DATABASE takehold_other WITH (FORCE)")


def put_back(database: Database, file: Path, force: bool = False) -> None:
    restore(Restore(database, DATA_TABLES, file, check_file(file, DATA_TABLES)), None, force, quiet)


def test_it_comes_back_the_same_on_either_engine(
    lived_in: Takehold, file: Path, other: str, settings: Settings
) -> None:
    database = open_database(other)
    put_back(database, file)
    assert everything(database) == everything(lived_in.database)
    database.close()
    again = Takehold(settings.model_copy(update={"database_url": other}))
    assert {one: (v.holds, v.events > 20) for one, v in verify(again).items()} == {"default": (True, True)}
    differing = {one.name: one.differing for one in compare(again, quiet)["default"]}
    assert set(differing.values()) == {0}
    assert len(differing) > 8
    # What happens next happens as if nothing had been.
    assert store(again, "default", "files", [Use("1", "copilot", "x", "p3", 0)], import_id=new_id()) == [False]
    with again.command("default", "key:alice", "api") as unit:
        assert unit.seal("text")
    with again.database.read() as connection:
        noted = connection.execute(select(CHORE).where(CHORE.c.name == BACKUP)).one()
    assert (noted.workspace_id, noted.detail) == (STORE, "backup.gz")
    for change in (update(EVENT).values(actor="nobody"), delete(EVENT)):
        with pytest.raises(DatabaseError, match="events are never changed"), again.database.write("work", "") as c:
            c.execute(change)
    again.close()


def test_keys_come_back_with_the_data_and_are_in_a_file_of_their_own(
    lived_in: Takehold, file: Path, settings: Settings, tmp_path: Path
) -> None:
    keys = open_database(settings.keys)
    back_up(keys, KEY_TABLES, tmp_path / "keys.gz", quiet)
    before = everything(keys, KEY_TABLES)
    held = gzip.decompress(file.read_bytes())
    for row in before["key"]:
        assert msgspec.json.encode(row[2]) not in held
    with keys.write("events", "") as connection:
        connection.execute(delete(KEY_TABLES.tables["key"]))
    data = Restore(lived_in.database, DATA_TABLES, file, check_file(file, DATA_TABLES))
    stored = Restore(keys, KEY_TABLES, tmp_path / "keys.gz", check_file(tmp_path / "keys.gz", KEY_TABLES))
    with pytest.raises(NotEmpty):
        restore(data, stored, False, quiet)
    assert everything(keys, KEY_TABLES)["key"] == []
    restore(data, stored, True, quiet)
    assert everything(keys, KEY_TABLES) == before
    keys.close()


def test_a_store_that_holds_data_is_not_overwritten_unless_told_so(lived_in: Takehold, file: Path) -> None:
    before = everything(lived_in.database)
    with lived_in.database.write("events", "default") as connection:
        connection.execute(delete(USAGE))
    with pytest.raises(NotEmpty):
        put_back(lived_in.database, file)
    assert everything(lived_in.database)["usage"] == []
    put_back(lived_in.database, file, force=True)
    assert everything(lived_in.database) == before


def test_a_restore_that_fails_on_the_way_changes_nothing(lived_in: Takehold, file: Path) -> None:
    """As when the disk of the backup goes away half-way."""
    before = everything(lived_in.database)
    data = Restore(lived_in.database, DATA_TABLES, file, check_file(file, DATA_TABLES))
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(BadBackup):
        restore(data, None, True, quiet)
    assert everything(lived_in.database) == before


def test_a_store_of_a_newer_program_is_not_wiped(lived_in: Takehold, file: Path) -> None:
    with lived_in.database.write("events", "") as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from the future'"))
    with pytest.raises(NewerSchema):
        put_back(lived_in.database, file, force=True)
    assert everything(lived_in.database)["event"]


def test_what_is_written_meanwhile_is_not_half_in_it(lived_in: Takehold, tmp_path: Path) -> None:
    before = everything(lived_in.database)

    def write_on(_: str, done: int, __: int) -> None:
        if done == 1:
            with lived_in.command("default", "key:alice", "api") as unit:
                lived_in.enrol(unit.connection, "default")
                unit.connection.execute(delete(USAGE))

    back_up(lived_in.database, DATA_TABLES, tmp_path / "meanwhile.gz", write_on)
    assert everything(lived_in.database)["usage"] == []
    put_back(lived_in.database, tmp_path / "meanwhile.gz", force=True)
    assert everything(lived_in.database) == before


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_month_that_is_dropped_meanwhile_is_in_it(lived_in: Takehold, tmp_path: Path) -> None:
    """A table that is dropped is gone for older snapshots as well; until then its rows are there for them."""
    before, later = everything(lived_in.database), datetime.now(UTC) + timedelta(days=90)

    def forget(_: str, done: int, __: int) -> None:
        if done == 1:
            with lived_in.database.write("usage", "default") as connection:
                connection.execute(delete(USAGE))
            with pytest.raises(Busy):
                drop_past(lived_in.database, later)

    back_up(lived_in.database, DATA_TABLES, tmp_path / "meanwhile.gz", forget)
    assert len(drop_past(lived_in.database, later)) == 3
    put_back(lived_in.database, tmp_path / "meanwhile.gz", force=True)
    assert everything(lived_in.database) == before


@pytest.mark.parametrize("other", ["postgres"], indirect=True)
def test_observations_come_back_to_their_months(lived_in: Takehold, tmp_path: Path, other: str) -> None:
    """In DEFAULT they would give no space back when they are forgotten, and slow down the making of each month."""
    today = datetime.now(UTC)
    instants = [int((today - timedelta(days=days)).timestamp() * 1000) for days in (0, 32, 380, 500)]
    store(lived_in, "default", "app", [Use("a", "copilot", "x", "p1", instant) for instant in instants])
    back_up(lived_in.database, DATA_TABLES, tmp_path / "months.gz", quiet)
    database = open_database(other)
    put_back(database, tmp_path / "months.gz")
    with database.read() as connection:
        rows = connection.execute(text("SELECT occurred_ms, tableoid::regclass::text FROM usage")).all()
    months = [f"usage_{today - timedelta(days=days):%Y_%m}" for days in (0, 32, 380)]
    database.close()
    found = {row[0]: row[1] for row in rows if row[0] in instants}
    assert found == dict(zip(instants, [*months, "usage_default"], strict=True))


@pytest.mark.parametrize("other", ["postgres"], indirect=True)
def test_postgresql_knows_at_once_what_came_back(lived_in: Takehold, file: Path, other: str) -> None:
    database = open_database(other)
    put_back(database, file)
    with database.read() as connection:
        known = set(connection.scalars(text("SELECT tablename FROM pg_stats WHERE schemaname = 'public'")))
    database.close()
    assert {name for name, rows in everything(lived_in.database).items() if rows} <= known


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_observations_that_a_restore_deletes_are_not_copied_before(lived_in: Takehold, file: Path) -> None:
    """The way down from months moves them, which would take minutes where there are many."""
    moved = []

    def look(_: object, cursor: Any, statement: str, *__: object) -> None:
        if statement.startswith("INSERT INTO usage SELECT"):
            moved.append(cursor.rowcount)

    listen(lived_in.database.engine, "after_cursor_execute", look)
    put_back(lived_in.database, file, force=True)
    assert moved == [0, 0]


def test_a_backup_that_cannot_be_finished_leaves_no_file(lived_in: Takehold, tmp_path: Path) -> None:
    def full(*_: object) -> None:
        raise OSError

    with pytest.raises(OSError):
        back_up(lived_in.database, DATA_TABLES, tmp_path / "none.gz", full)
    assert list(tmp_path.glob("none*")) == []


def test_nobody_else_may_read_it(file: Path) -> None:
    assert file.stat().st_mode & 0o077 == 0


def test_a_backup_of_this_database_is_noted_and_one_of_another_is_not(
    lived_in: Takehold, file: Path, settings: Settings, tmp_path: Path
) -> None:
    elsewhere = Takehold(
        settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'x.db'}", "keys_url": None})
    )
    with pytest.raises(AnotherHistory, match="is not here"):
        check_own(elsewhere, file)
    for takehold, noted in ((elsewhere, False), (lived_in, True)):
        if noted:
            check_own(takehold, file)
        with takehold.database.read() as connection:
            found = connection.scalar(select(CHORE.c.detail).where(CHORE.c.name == BACKUP))
        assert found == ("backup.gz" if noted else None)
    elsewhere.close()


def altered(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[bytes], bytes]:
    return lambda raw: gzip.compress(b"".join(change(gzip.decompress(raw).splitlines(keepends=True))))


def opening(**values: Any) -> Callable[[bytes], bytes]:
    def change(lines: list[bytes]) -> list[bytes]:
        return [msgspec.json.encode(msgspec.json.decode(lines[0]) | values) + b"\n", *lines[1:]]

    return altered(change)


def lacking(table: str, column: str) -> Callable[[bytes], bytes]:
    """The opening lacks a column that was always there."""

    def change(lines: list[bytes]) -> list[bytes]:
        first = msgspec.json.decode(lines[0])
        first["tables"][table].remove(column)
        return [msgspec.json.encode(first) + b"\n", *lines[1:]]

    return altered(change)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda raw: b"", "empty, or cut off"),
        (lambda raw: b"PK\x03\x04", "damaged, cut off, or no backup"),
        (lambda raw: raw[: len(raw) // 2], "damaged, cut off"),
        (lambda raw: raw[:-1], "damaged, cut off"),
        (lambda raw: raw[:200] + bytes([raw[200] ^ 1]) + raw[201:], "damaged|altered|not those|no backup"),
        (lambda raw: gzip.compress(b"hello\n"), "no backup of Takehold"),
        (altered(lambda lines: lines[:-1]), "cut off before its end"),
        (altered(lambda lines: [*lines[:2], *lines[3:]]), "was altered"),
        (altered(lambda lines: [*lines, lines[1]]), "after the end"),
        (altered(lambda lines: [line.replace(b"default", b"another") for line in lines]), "was altered"),
        (opening(takehold="export"), "this is no backup: it says it is 'export'"),
        (opening(version=2), "newer program"),
        (opening(revision="9999"), "newer program"),
        (opening(tables={"event": ["position"]}), "not those of this program"),
        (lacking("usage", "count"), "not those of this program"),
        (lacking("source", "name"), "not those of this program"),
        (opening(tables={"key": ["key"]}), "a backup of keys, where a backup of the database is wanted"),
    ],
)
def test_what_is_no_whole_backup_of_this_program_is_refused(
    some_backup: bytes, change: Callable[[bytes], bytes], told: str
) -> None:
    with pytest.raises(BadBackup, match=told):
        check(io.BytesIO(change(some_backup)), DATA_TABLES, revisions())


@pytest.fixture(scope="module")
def some_backup(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small one; of which engine does not matter to its file."""
    folder = tmp_path_factory.mktemp("some")
    takehold = Takehold(Settings(database_url=f"sqlite:///{folder / 'some.db'}"))
    target = io.BytesIO()
    with takehold.database.write("work", "") as connection:
        for name in ("default", "other"):
            values = {"workspace_id": name, "name": name, "zone": "UTC", "minimum_group": 10}
            connection.execute(insert(DATA_TABLES.tables["workspace"]).values(values))
            takehold.enrol(connection, name)
    with takehold.database.read() as connection:
        write(target, connection, DATA_TABLES, newest(), MADE_AT, quiet)
    takehold.close()
    return target.getvalue()


OLD = ("0005", "0006", "0007")
"""Revisions of which a backup can be restored, though columns came later."""


def of_before(raw: bytes, revision: str) -> bytes:
    """The backup as the program of a revision wrote it; it knew no imports, and nothing else is different in it."""
    lines = gzip.decompress(raw).splitlines(keepends=True)
    lacking = {"source": ["import_id", "keyed_by"]} | (
        {} if revision > "0005" else {"follower": ["changed"], "rebuild": ["mark"]}
    )
    first = msgspec.json.decode(lines[0])
    kept = {table: [n for n in names if n not in lacking.get(table, [])] for table, names in first["tables"].items()}
    told = [first | {"revision": revision, "tables": kept}]
    for line in lines[1:-1]:
        chunk = msgspec.json.decode(line)
        names = first["tables"][chunk["table"]]
        left = [n for n, name in enumerate(names) if name in kept[chunk["table"]]]
        told.append(chunk | {"rows": [[row[n] for n in left] for row in chunk["rows"]]})
    written = b"".join(msgspec.json.encode(one) + b"\n" for one in told)
    closing = msgspec.json.decode(lines[-1]) | {"digest": sha256(written).hexdigest()}
    return gzip.compress(written + msgspec.json.encode(closing) + b"\n")


@pytest.mark.parametrize("revision", OLD)
def test_a_backup_of_an_earlier_schema_comes_back_with_what_the_migrations_put_into_rows_of_before(
    lived_in: Takehold, file: Path, other: str, revision: str
) -> None:
    file.write_bytes(of_before(file.read_bytes(), revision))
    database = open_database(other)
    put_back(database, file)
    found, expected = everything(database), everything(lived_in.database)
    database.close()
    assert any(row[-2] for row in expected["source"])
    expected["source"] = [(*row[:-2], None, None) for row in expected["source"]]
    if revision == "0005":
        changed = list(DATA_TABLES.tables["follower"].columns.keys()).index("changed")
        expected["follower"] = [(*row[:changed], 0, *row[changed + 1 :]) for row in expected["follower"]]
    assert found == expected


@pytest.mark.parametrize("revision", OLD)
def test_what_a_backup_may_lack_is_what_migrations_added_since(tmp_path: Path, revision: str) -> None:
    """When this fails, a migration has added something: either it goes into LATER, or older backups no longer do."""
    database = open_database(f"sqlite:///{tmp_path / 'old.db'}")
    migrations = config()
    with database.write("events", "") as connection:
        migrations.attributes["connection"] = connection
        command.upgrade(migrations, revision)
    with database.read() as connection:
        inspector = inspect(connection)
        there = {name: {one["name"] for one in inspector.get_columns(name)} for name in inspector.get_table_names()}
    database.close()
    now = {name: {column.name for column in table.columns} for name, table in DATA_TABLES.tables.items()}
    assert there.keys() - {"alembic_version"} == now.keys()
    lacking = {name: columns - there[name] for name, columns in now.items() if columns - there[name]}
    assert all(columns <= LATER[name].keys() for name, columns in lacking.items())
    if revision == OLD[0]:
        assert lacking == {name: set(columns) for name, columns in LATER.items()}


def test_a_row_that_no_column_can_hold_is_refused_before_anything_is_touched(some_backup: bytes) -> None:
    """Its digest is right: somebody made it so."""

    def spoil(lines: list[bytes]) -> list[bytes]:
        lines = [line.replace(b'"UTC",10', b'"UTC","ten"') for line in lines[:-1]]
        closing = {"rows": rows, "digest": sha256(b"".join(lines)).hexdigest()}
        return [*lines, msgspec.json.encode(closing)]

    rows = msgspec.json.decode(gzip.decompress(some_backup).splitlines()[-1])["rows"]
    with pytest.raises(BadBackup, match="a row of the table workspace cannot be read"):
        check(io.BytesIO(altered(spoil)(some_backup)), DATA_TABLES, revisions())


def test_what_was_read_is_told(some_backup: bytes) -> None:
    checked = check(io.BytesIO(some_backup), DATA_TABLES, revisions())
    assert checked.opening.made_at == MADE_AT
    assert checked.rows["workspace"] == 2
