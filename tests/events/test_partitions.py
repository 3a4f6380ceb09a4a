"""On PostgreSQL the usage log has a table a month: made ahead, dropped when empty, unnoticed by who uses the log."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Event
from typing import Any

import pytest
from sqlalchemy import Connection, Select, delete, func, select, text

from events.activity import read_usage
from events.database import Busy, Database
from events.partitions import DEFAULT, drop_past, keep_months, make_ahead, make_room
from events.partitions import _holds_rows as holds_rows
from events.tables import USAGE
from events.usage_log import _LAST_SEQ, Observation, last_seq, record
from tests.events.cast import HOME, until, use

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)

SPRING = datetime(2032, 4, 20, 10, tzinfo=UTC)
"""Long after the months that the migration makes."""
MONTHS = ["usage_2032_04", "usage_2032_05", "usage_2032_06"]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody gives up before the test has seen them wait, however busy the machine is."""
    monkeypatch.setattr("events.partitions._SECONDS", 30.0)


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def at(year: int, month: int, day: int, hour: int = 12) -> int:
    return ms(datetime(year, month, day, hour, tzinfo=UTC))


def store(database: Database, *batch: Observation, workspace: str = HOME) -> list[bool]:
    with database.write("usage", workspace) as connection:
        return record(connection, workspace, batch, ms(SPRING))


def forget_all(database: Database) -> None:
    with database.write("usage", HOME) as connection:
        connection.execute(delete(USAGE))


def places(database: Database) -> dict[str, list[int]]:
    """Seqs by the table that they lie in."""
    with database.read() as connection:
        rows = connection.execute(text("SELECT tableoid::regclass::text, seq FROM usage ORDER BY seq")).all()
    return {name: [seq for place, seq in rows if place == name] for name, _ in rows}


def tables(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.scalars(text("SELECT relid::text FROM pg_partition_tree('usage') WHERE isleaf")))


def waiting(database: Database, number: int = 1) -> Callable[[], bool]:
    """Whether so many wait for a table."""

    def look() -> bool:
        with database.read() as connection:
            here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            return connection.scalar(text(f"SELECT count(*) FROM pg_locks WHERE NOT granted AND {here}")) == number

    return look


def plan(connection: Connection, statement: Select[Any], **values: object) -> list[dict[str, Any]]:
    """What PostgreSQL does for it, node by node; it is carried out."""
    query = statement.params(**values).compile(connection, compile_kwargs={"literal_binds": True})
    found = connection.scalar(text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}"))
    todo, nodes = [(found if isinstance(found, list) else json.loads(found or ""))[0]["Plan"]], []
    while todo:
        nodes.append(todo.pop())
        todo.extend(nodes[-1].get("Plans", []))
    return nodes


def test_this_month_and_the_next_two_are_made_once(database: Database) -> None:
    assert make_ahead(database, SPRING) == MONTHS
    assert make_ahead(database, SPRING) == []
    assert make_ahead(database, SPRING + timedelta(days=12)) == ["usage_2032_07"]
    winter = datetime(2032, 12, 31, 23, 30, tzinfo=UTC)
    assert make_ahead(database, winter) == ["usage_2032_12", "usage_2033_01", "usage_2033_02"]


def test_what_somebody_attached_under_another_name_is_left_alone(database: Database) -> None:
    with database.write("work", "") as connection:
        for name, first, end in (("usage_old", "00", "01"), ("usage_2031_13", "01", "0100")):
            bounds = rf"FROM ('\x{first}') TO ('\x{end}')"
            connection.execute(text(f"CREATE TABLE {name} PARTITION OF usage FOR VALUES {bounds}"))
    assert make_ahead(database, SPRING) == MONTHS
    there = tables(database)
    assert drop_past(database, SPRING + timedelta(days=4000)) == sorted(there - {"usage_old", "usage_2031_13", DEFAULT})
    assert tables(database) == {"usage_old", "usage_2031_13", DEFAULT}


def test_a_month_is_that_of_utc(database: Database) -> None:
    there = datetime.fromisoformat("2032-05-01T01:00:00+02:00")
    assert make_ahead(database, there) == MONTHS
    first, last = at(2032, 5, 1, 0), at(2032, 5, 31, 23) + 3_599_999
    store(database, *(use("a", occurred_ms=instant) for instant in (first - 1, first, last, last + 1)))
    assert places(database) == {"usage_2032_04": [1], "usage_2032_05": [2, 3], "usage_2032_06": [4]}


def test_what_has_no_time_or_no_month_goes_to_default(database: Database) -> None:
    make_ahead(database, SPRING)
    old, none, ahead = at(2031, 5, 1), None, at(2040, 1, 1)
    store(database, *(use("a", occurred_ms=instant) for instant in (old, ms(SPRING), none, ahead)))
    assert places(database) == {DEFAULT: [1, 3, 4], "usage_2032_04": [2]}


def test_repeats_are_known_in_every_table_and_the_rest_of_a_batch_is_stored(database: Database) -> None:
    make_ahead(database, SPRING)
    instants = [None, at(2031, 5, 1), at(2032, 4, 1), at(2032, 5, 1), at(2032, 6, 1), at(2040, 1, 1)]
    for _ in range(2):
        assert store(database, *(use("a", occurred_ms=instant) for instant in instants)) == [_ == 0] * 6
    chance = random.Random(3)
    items = [use(str(chance.randrange(300)), occurred_ms=chance.choice(instants)) for _ in range(500)]
    first_seen = [items.index(item) == place for place, item in enumerate(items)]
    assert store(database, *items) == first_seen
    assert store(database, *items) == [False] * 500


def test_of_two_threads_that_send_the_same_over_several_months_one_stores_each(database: Database) -> None:
    make_ahead(database, SPRING)
    start, batch = Barrier(2), [use("a", occurred_ms=at(2032, month, 9)) for month in range(1, 13)]

    def send(_: int) -> list[bool]:
        start.wait()
        return store(database, *batch)

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(send, range(2))
    assert [a != b for a, b in zip(one, other, strict=True)] == [True] * 12


@pytest.mark.parametrize("years", [0, 3])
def test_the_last_seq_is_read_from_the_end_of_each_index_and_followers_read_on_by_seq(
    database: Database, years: int
) -> None:
    make_ahead(database, SPRING)
    with database.write("work", "") as connection:
        make_room(connection, date(2032 - years, 4, 1), SPRING.date())
    months = 12 * years + 1
    for month in range(months):
        day = SPRING - timedelta(days=30 * month)
        store(database, *(use(str(n), occurred_ms=ms(day) - n) for n in range(1000)), workspace=HOME)
        store(database, use("a", occurred_ms=ms(day)), workspace="another")
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE usage"))
    with database.read() as connection:
        assert last_seq(connection, HOME) == 1000 * months
        nodes = plan(connection, _LAST_SEQ, workspace_id=HOME)
        scans = [node for node in nodes if "Relation Name" in node]
        assert len(scans) == len(tables(database)) > months
        assert {node["Node Type"] for node in scans} == {"Index Only Scan"}
        assert {node["Scan Direction"] for node in scans} == {"Backward"}
        assert all(node["Actual Rows"] <= 1 and node["Heap Fetches"] == 0 for node in scans)
        # Two pages of an index that is one page high, three of a higher one.
        assert nodes[0]["Shared Hit Blocks"] + nodes[0]["Shared Read Blocks"] <= 4 * len(scans)
        after = last_seq(connection, HOME) - 10
        assert [row.seq for row in read_usage(connection, HOME, after, 5)] == list(range(after + 1, after + 6))
        assert len(read_usage(connection, HOME, 0, 10**6)) == 1000 * months


def test_a_month_that_default_holds_rows_of_is_left_to_it_and_the_others_are_made(database: Database) -> None:
    """As when no worker ran for months, and the web process took observations in all the same."""
    assert store(database, use("a", occurred_ms=ms(SPRING)), use("b", occurred_ms=None)) == [True, True]
    for _ in range(2):
        assert make_ahead(database, SPRING) == MONTHS[1:] * (_ == 0)
    assert store(database, use("a", occurred_ms=ms(SPRING)), use("c", occurred_ms=ms(SPRING))) == [False, True]
    assert places(database) == {DEFAULT: [1, 2, 4]}
    # When they are forgotten it can be made, though nobody needs it by then.
    forget_all(database)
    assert make_ahead(database, SPRING) == MONTHS[:1]


def test_a_row_that_comes_between_the_look_and_the_making_makes_it_wait(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store(database, use("a", occurred_ms=ms(SPRING))) == [True]
    monkeypatch.setattr("events.partitions._holds_rows", lambda *_: False)
    with pytest.raises(Busy):
        make_ahead(database, SPRING)
    monkeypatch.undo()
    assert make_ahead(database, SPRING) == MONTHS[1:]


@pytest.mark.usefixtures("patient")
def test_of_several_workers_that_find_a_month_missing_one_makes_it(database: Database) -> None:
    """Without a lock of their own all of them wait for the log, and all but one then meet a table of that name."""
    with ThreadPoolExecutor(3) as pool:
        with database.write("usage", HOME) as connection:
            last_seq(connection, HOME)
            made = [pool.submit(make_ahead, database, SPRING) for _ in range(3)]
            for _ in until(waiting(database, 3)):
                pass
        assert sorted(name for one in made for name in one.result()) == MONTHS


def test_who_writes_for_long_is_not_waited_for_and_those_behind_go_on(database: Database) -> None:
    with database.write("usage", "elsewhere") as connection:
        record(connection, "elsewhere", [use("a", occurred_ms=ms(SPRING))], ms(SPRING))
        with ThreadPoolExecutor(2) as pool:
            making = pool.submit(make_ahead, database, SPRING)
            for _ in until(waiting(database)):
                pass
            # In the queue behind it, and for no longer than it waits.
            assert store(database, use("b", occurred_ms=ms(SPRING))) == [True]
            with pytest.raises(Busy):
                making.result()
    assert make_ahead(database, SPRING) == MONTHS[1:]


def test_a_month_that_would_take_long_to_make_is_given_up(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("events.partitions._make", lambda connection, _: connection.execute(text("SELECT pg_sleep(9)")))
    with pytest.raises(Busy, match="everybody waiting"):
        make_ahead(database, SPRING)


def test_a_month_that_is_over_and_empty_is_dropped_and_no_other(database: Database) -> None:
    make_ahead(database, datetime(2032, 2, 1, tzinfo=UTC))
    store(database, use("a", occurred_ms=at(2032, 3, 1)), use("b", occurred_ms=at(2032, 2, 1)))
    with database.write("usage", HOME) as connection:
        connection.execute(delete(USAGE).where(USAGE.c.seq == 2))
    before = tables(database)
    assert drop_past(database, datetime(2032, 2, 29, tzinfo=UTC)) == sorted(
        name for name in before - {DEFAULT} if name < "usage_2032"
    )
    assert drop_past(database, datetime(2032, 4, 1, tzinfo=UTC)) == ["usage_2032_02"]
    assert drop_past(database, datetime(2032, 4, 1, tzinfo=UTC)) == []
    assert tables(database) == {DEFAULT, "usage_2032_03", "usage_2032_04"}


def test_seqs_go_on_after_every_month_that_was_dropped(database: Database) -> None:
    make_ahead(database, SPRING)
    store(database, *(use(str(n), occurred_ms=ms(SPRING)) for n in range(5)))
    newest = select(func.max(USAGE.c.seq)).scalar_subquery()
    with database.write("usage", HOME) as connection:
        connection.execute(delete(USAGE).where(USAGE.c.seq < newest))
    late = datetime(2032, 12, 1, tzinfo=UTC)
    dropped = drop_past(database, late)
    assert set(MONTHS) - set(dropped) == {"usage_2032_04"}
    assert store(database, use("a", occurred_ms=at(2032, 5, 1))) == [True]
    assert places(database) == {"usage_2032_04": [5], DEFAULT: [6]}


@pytest.mark.usefixtures("patient")
def test_what_an_import_tells_of_a_month_just_then_is_not_dropped_with_it(database: Database) -> None:
    """Without waiting for whoever inserts, the month is seen to be empty, and dropped after they committed."""
    make_ahead(database, SPRING)
    late = datetime(2032, 5, 1, tzinfo=UTC)
    drop_past(database, datetime(2032, 4, 1, tzinfo=UTC))
    with ThreadPoolExecutor(1) as pool:
        with database.write("usage", HOME) as connection:
            record(connection, HOME, [use("a", occurred_ms=ms(SPRING))], ms(SPRING))
            dropping = pool.submit(drop_past, database, late)
            for _ in until(waiting(database)):
                pass
        assert dropping.result() == []
    assert places(database) == {"usage_2032_04": [1]}


def test_what_an_import_tells_of_a_month_just_after_goes_to_default(database: Database) -> None:
    make_ahead(database, SPRING)
    telling: list[Future[list[bool]]] = []
    with ThreadPoolExecutor(1) as pool:
        with database.write("work", "") as connection:
            connection.execute(text("LOCK TABLE ONLY usage IN ACCESS EXCLUSIVE MODE"))
            telling.append(pool.submit(store, database, use("a", occurred_ms=ms(SPRING))))
            for _ in until(waiting(database)):
                pass
            connection.execute(text("DROP TABLE usage_2032_04"))
        assert telling[0].result() == [True]
    assert places(database) == {DEFAULT: [1]}


@pytest.mark.usefixtures("patient")
def test_two_workers_that_find_a_month_empty_drop_it_once(database: Database) -> None:
    make_ahead(database, SPRING)
    late = datetime(2032, 7, 1, tzinfo=UTC)
    before = tables(database)
    with ThreadPoolExecutor(2) as pool:
        with database.write("usage", HOME) as connection:
            last_seq(connection, HOME)
            dropping = [pool.submit(drop_past, database, late) for _ in range(2)]
            for _ in until(waiting(database, 2)):
                pass
        dropped = [name for one in dropping for name in one.result()]
    assert sorted(dropped) == sorted(before - {DEFAULT})


@pytest.mark.usefixtures("patient")
def test_a_worker_that_looks_at_months_is_not_tripped_by_another_that_drops_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_ahead(database, SPRING)
    late, before, begun = datetime(2032, 7, 1, tzinfo=UTC), tables(database), Event()
    others: list[Future[list[str]]] = []

    def look(*asked: Any) -> bool:
        if not begun.is_set():
            begun.set()
            others.append(pool.submit(drop_past, database, late))
            for _ in until(waiting(database)):
                pass
        return holds_rows(*asked)

    monkeypatch.setattr("events.partitions._holds_rows", look)
    with ThreadPoolExecutor(1) as pool:
        dropped = drop_past(database, late)
        dropped += others[0].result()
    assert sorted(dropped) == sorted(before - {DEFAULT})


def test_who_may_read_the_log_reads_months_that_are_made_later(database: Database) -> None:
    with database.write("work", "") as connection:
        connection.execute(text("CREATE ROLE looker"))
        connection.execute(text("GRANT SELECT ON usage TO looker"))
        make_room(connection, SPRING.date(), SPRING.date())
        record(connection, HOME, [use("a", occurred_ms=ms(SPRING))], ms(SPRING))
        connection.execute(text("SET LOCAL ROLE looker"))
        keep_months(connection)
        assert last_seq(connection, HOME) == 1
        assert len(read_usage(connection, HOME, 0, 9)) == 1
        # Roles are those of the whole server.
        connection.rollback()


def test_while_somebody_reads_for_long_nothing_is_dropped(database: Database) -> None:
    """Rows that their snapshot still sees would be gone with the table."""
    make_ahead(database, SPRING)
    store(database, use("a", occurred_ms=ms(SPRING)))
    late = datetime(2032, 7, 1, tzinfo=UTC)
    with database.read() as connection:
        keep_months(connection)
        connection.execute(text("SELECT 1"))
        forget_all(database)
        with pytest.raises(Busy):
            drop_past(database, late)
        assert connection.scalar(select(func.count()).select_from(USAGE)) == 1
    assert set(MONTHS) <= set(drop_past(database, late))
