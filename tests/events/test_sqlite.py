"""What is peculiar to the store in one file."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

import events.sqlite
from events.database import Busy
from events.sqlite import SqliteDatabase

TRY_THE_LOCK = """
import fcntl, sys
with open(sys.argv[1], "r+") as handle:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("held")
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "here.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteDatabase]:
    """A file with one table, whose writers wait for 0.2 s."""
    database = SqliteDatabase(f"sqlite:///{path}", lock_seconds=0.2)
    with database.write("work", "") as connection:
        connection.execute(text("CREATE TABLE thing (words TEXT)"))
    yield database
    database.close()


def write(store: SqliteDatabase, characters: int = 10) -> None:
    with store.write("work", "") as connection:
        connection.execute(text("INSERT INTO thing VALUES (:words)"), {"words": "x" * characters})


def things(path: Path) -> int:
    """How many rows a file holds, as a program sees it that knows nothing of ours."""
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM thing").fetchone()[0])


def checkpointed(store: SqliteDatabase, tmp_path: Path) -> int:
    """How many rows have come from the write-ahead log into the database file itself."""
    alone = tmp_path / "alone" / "here.db"
    alone.parent.mkdir(exist_ok=True)
    shutil.copy(store.path, alone)
    try:
        return things(alone)
    except sqlite3.OperationalError:
        return 0


def wal_bytes(store: SqliteDatabase) -> int:
    return store.path.with_name("here.db-wal").stat().st_size


def setting(connection: Connection, name: str) -> object:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def lock_is_held(store: SqliteDatabase) -> bool:
    """Asked by another process."""
    lock = store.path.with_name("here.db.lock")
    asked = subprocess.run(
        [sys.executable, "-S", "-c", TRY_THE_LOCK, lock], capture_output=True, text=True, check=False
    )
    return asked.stderr.strip() == "held"


def test_what_was_acknowledged_is_on_disk_and_checkpoints_happen_under_the_lock_only(store: SqliteDatabase) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "wal_autocheckpoint": 0,
        "secure_delete": 1,
        "foreign_keys": 1,
        "recursive_triggers": 1,
    }
    with store.write("work", "") as connection:
        assert {name: setting(connection, name) for name in wanted} == wanted


def test_readers_are_query_only_and_leave_the_log_in_place(store: SqliteDatabase) -> None:
    with store.read() as connection:
        assert setting(connection, "query_only") == 1
        assert setting(connection, "journal_mode") == "wal"


def test_only_a_file_can_be_a_store() -> None:
    for url in ("sqlite://", "sqlite:///:memory:"):
        with pytest.raises(ValueError, match="needs a file"):
            SqliteDatabase(url)


@pytest.mark.parametrize("lock", ["events", "usage", "work"])
def test_every_write_holds_the_file_lock_against_other_processes(store: SqliteDatabase, lock: str) -> None:
    with store.write(lock, "default"):  # type: ignore[arg-type]
        assert lock_is_held(store)
    assert not lock_is_held(store)


def test_a_write_that_fails_lets_go_of_the_lock(store: SqliteDatabase) -> None:
    with pytest.raises(ZeroDivisionError), store.write("work", ""):
        raise ZeroDivisionError
    assert not lock_is_held(store)


def test_housekeeping_and_closing_wait_for_the_writer(store: SqliteDatabase, path: Path) -> None:
    other = SqliteDatabase(f"sqlite:///{path}", lock_seconds=0.05)
    with store.write("work", ""):
        with pytest.raises(Busy):
            other.maintain()
        with pytest.raises(Busy):
            other.close()
    other.close()


def test_closing_the_last_connection_of_a_mere_reader_happens_under_the_lock(path: Path) -> None:
    """SQLite checkpoints when the last connection closes, and a program that only read may be the last."""
    SqliteDatabase(f"sqlite:///{path}").close()
    reader = SqliteDatabase(f"sqlite:///{path}", lock_seconds=0.05)
    with reader.read() as connection:
        connection.execute(text("SELECT 1"))
    with reader._lock.held(), pytest.raises(Busy):
        reader.close()
    assert reader._reader.pool.checkedin() == 1  # type: ignore[attr-defined]
    reader.close()


def test_a_closed_store_is_one_file_with_everything_in_it(path: Path) -> None:
    database = SqliteDatabase(f"sqlite:///{path}")
    with database.write("work", "") as connection:
        connection.execute(text("CREATE TABLE thing (words TEXT)"))
    with database.read() as connection:
        connection.execute(text("SELECT * FROM thing"))
    assert path.with_name("here.db-wal").exists()
    database.close()
    assert not path.with_name("here.db-wal").exists()
    assert things(path) == 0


def test_two_names_of_one_file_lead_to_one_lock(store: SqliteDatabase, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "other name.db"
    link.parent.mkdir()
    link.symlink_to(store.path)
    other = SqliteDatabase(f"sqlite:///{link}", lock_seconds=0.05)
    with store.write("work", ""), pytest.raises(Busy, match="by another writer"), other.write("work", ""):
        raise AssertionError("two writers hold one file")
    other.close()


def test_a_program_that_knows_nothing_of_the_file_lock_makes_writers_busy(store: SqliteDatabase) -> None:
    with closing(sqlite3.connect(store.path, isolation_level=None)) as outsider:
        outsider.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy, match="another program"):
            write(store)
    write(store)
    assert things(store.path) == 1


def test_any_other_failure_of_the_store_is_not_taken_for_busy(store: SqliteDatabase) -> None:
    with pytest.raises(OperationalError, match="no such table"), store.write("work", "") as connection:
        connection.execute(text("SELECT * FROM nowhere"))


def test_rows_stay_in_the_write_ahead_log_until_housekeeping(store: SqliteDatabase, tmp_path: Path) -> None:
    for _ in range(50):
        write(store, 5000)
    assert checkpointed(store, tmp_path) == 0
    store.maintain()
    assert checkpointed(store, tmp_path) == 50
    with store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM thing")).scalar() == 50


def test_housekeeping_does_not_wait_for_a_reader_and_goes_on_after_it(store: SqliteDatabase, tmp_path: Path) -> None:
    write(store)
    with store.read() as connection:
        count = text("SELECT count(*) FROM thing")
        assert connection.execute(count).scalar() == 1
        write(store)
        store.maintain()
        assert connection.execute(count).scalar() == 1
    store.maintain()
    assert checkpointed(store, tmp_path) == 2


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(events.sqlite, "_WAL_LIMIT", 100_000)
    return 100_000


def test_a_writer_checkpoints_when_the_log_has_grown_past_its_limit(
    small_limit: int, store: SqliteDatabase, tmp_path: Path
) -> None:
    while wal_bytes(store) <= small_limit:
        assert checkpointed(store, tmp_path) == 0
        write(store, 5000)
    assert checkpointed(store, tmp_path) == things(store.path)


def test_after_a_checkpoint_the_log_starts_anew_instead_of_being_checkpointed_at_every_write(
    small_limit: int, store: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file keeps its size when it starts anew, so a writer that looks at the size would never stop."""
    done: list[int] = []
    checkpoint = store._checkpoint

    def noted(mode: str) -> None:
        done.append(wal_bytes(store))
        checkpoint(mode)

    monkeypatch.setattr(store, "_checkpoint", noted)
    for _ in range(100):
        write(store, 5000)
    # 100 writes of two or three pages of 4 KiB each fill the log ten times at most.
    assert 2 <= len(done) <= 15
    assert max(done) < 2 * small_limit
    assert things(store.path) == 100
