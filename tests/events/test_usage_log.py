"""The contract of the usage log, on both engines."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from threading import Barrier, Event
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Row, select
from sqlalchemy.exc import IntegrityError

from events.database import Database
from events.interning import intern_feature, intern_import, intern_source, retire_source
from events.tables import FEATURE, SOURCE, USAGE
from events.usage_log import Observation, dedupe_key, last_seq, record
from tests.events.cast import HOME, NOON_MS, until, use

LATER_MS = NOON_MS + 60_000


def store(database: Database, *batch: Observation, received_ms: int = LATER_MS, workspace: str = HOME) -> list[bool]:
    """Records a batch in a transaction of its own."""
    with database.write("usage", workspace) as connection:
        return record(connection, workspace, batch, received_ms)


def stored(database: Database, after: int = 0, workspace: str = HOME) -> Sequence[Row[Any]]:
    with database.read() as connection:
        return connection.execute(
            select(USAGE).where(USAGE.c.workspace_id == workspace, USAGE.c.seq > after).order_by(USAGE.c.seq)
        ).all()


def test_an_observation_is_stored_as_it_was_given(database: Database) -> None:
    words = '{"wörd":"\\u0000"}'
    full = use("full", count=2**40, duration_ms=1500, properties=words, sent_ms=NOON_MS + 5)
    assert store(database, full, use("plain")) == [True, True]
    expected = [
        (HOME, dedupe_key(1, "full", NOON_MS), 1, 1, 2, 3, NOON_MS, LATER_MS, NOON_MS + 5, 2**40, 1500, words),
        (HOME, dedupe_key(1, "plain", NOON_MS), 2, 1, 2, 3, NOON_MS, LATER_MS, None, 1, None, None),
    ]
    assert [tuple(row) for row in stored(database)] == expected


def test_a_repeat_within_a_batch_is_stored_once_as_it_came_first(database: Database) -> None:
    verdicts = store(database, use("a", count=1), use("b"), use("a", count=9), use("b"), use("c"), use("a"))
    assert verdicts == [True, True, False, False, True, False]
    kept = [tuple(row._mapping[name] for name in ("k", "count")) for row in stored(database)]
    assert kept == [(dedupe_key(1, item, NOON_MS), 1) for item in ("a", "b", "c")]


def test_a_repeat_in_a_later_batch_is_told_apart_from_what_is_new(database: Database) -> None:
    assert store(database, use("a"), use("b")) == [True, True]
    assert store(database, use("b"), use("c"), use("a"), use("d")) == [False, True, False, True]
    assert store(database, use("d"), use("a")) == [False, False]
    assert store(database, use("e")) == [True]
    assert len(stored(database)) == 5


def test_the_same_id_from_another_source_or_at_another_time_is_another_observation(database: Database) -> None:
    assert store(database, use("a"), use("a", source_id=2), use("a", occurred_ms=NOON_MS + 1)) == [True] * 3
    assert store(database, use("a"), workspace="elsewhere") == [True]
    assert len(stored(database)) == 3


def test_without_a_time_of_its_own_an_item_occurred_when_it_came_and_its_retry_is_known(database: Database) -> None:
    assert store(database, use("a", occurred_ms=None), received_ms=NOON_MS) == [True]
    assert store(database, use("a", occurred_ms=None), received_ms=LATER_MS) == [False]
    [row] = stored(database)
    assert (row.occurred_ms, row.received_ms) == (NOON_MS, NOON_MS)
    assert row.k[:6] == bytes(6)


def test_nothing_is_stored_of_nothing(database: Database) -> None:
    assert store(database) == []
    assert stored(database) == []


def test_a_value_that_is_missing_is_an_error_and_not_taken_for_a_repeat(database: Database) -> None:
    with pytest.raises(IntegrityError):
        store(database, use("a"), use("b", count=None))
    assert stored(database) == []


def test_a_batch_that_is_rolled_back_leaves_nothing_and_can_be_sent_again(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write("usage", HOME) as connection:
        raise ZeroDivisionError(record(connection, HOME, [use("a")], LATER_MS))
    assert store(database, use("a")) == [True]


def test_batches_in_one_transaction_follow_each_other(database: Database) -> None:
    with database.write("usage", HOME) as connection:
        assert record(connection, HOME, [use("a"), use("a")], LATER_MS) == [True, False]
        assert record(connection, HOME, [use("a"), use("b")], LATER_MS) == [False, True]
        assert last_seq(connection, HOME) == 3
        assert last_seq(connection, "elsewhere") == 0


def test_a_large_batch_is_judged_item_by_item(database: Database) -> None:
    chance = random.Random(5)
    items = [use(str(chance.randrange(1500))) for _ in range(2000)]
    first_seen = [items.index(item) == at for at, item in enumerate(items)]
    assert store(database, *items) == first_seen
    assert len(stored(database)) == sum(first_seen)


def test_of_two_threads_that_send_the_same_items_one_stores_each(database: Database) -> None:
    start = Barrier(2)

    def send(seed: int) -> dict[str, bool]:
        items = [str(number) for number in range(100)]
        random.Random(seed).shuffle(items)
        start.wait()
        verdicts: dict[str, bool] = {}
        for at in range(0, 100, 10):
            batch = items[at : at + 10]
            verdicts |= zip(batch, store(database, *map(use, batch)), strict=True)
        return verdicts

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(send, (1, 2))
    assert [item for item in one if one[item] == other[item]] == []
    assert len(stored(database)) == 100


def test_a_tailing_reader_misses_nothing_while_many_write(database: Database) -> None:
    """With `seq` from a sequence, a batch that commits late is passed by a reader that saw a later one."""
    writers, each = 12, 3
    total = writers * each * 3 + 1
    chance = random.Random(20260302)
    pauses = [[chance.uniform(0, 0.06) for _ in range(each)] for _ in range(writers)]

    def write(writer: int) -> None:
        for batch, pause in enumerate(pauses[writer]):
            with database.write("usage", HOME) as connection:
                record(
                    connection,
                    HOME,
                    [use(f"{writer}/{batch}/{n}") for n in range(3)] + [use("the same for all")],
                    LATER_MS,
                )
                Event().wait(pause)

    def follow() -> list[Row[Any]]:
        seen: list[Row[Any]] = []
        for _ in until(lambda: len(seen) == total):
            seen.extend(stored(database, after=seen[-1].seq if seen else 0))
            Event().wait(0.001)
        return seen

    with ThreadPoolExecutor(writers + 1) as pool:
        reader = pool.submit(follow)
        list(pool.map(write, range(writers)))
        seen = reader.result()
    assert seen == stored(database)
    seqs = [row.seq for row in seen]
    assert seqs == sorted(set(seqs))


@given(item=st.text(), occurred_ms=st.integers(0, 2**48 - 1), source=st.integers(1, 2**31 - 1))
def test_a_key_is_48_bits_of_time_and_80_bits_of_who_said_what(item: str, occurred_ms: int, source: int) -> None:
    key = dedupe_key(source, item, occurred_ms)
    text = f"{source}\0{item}".encode("utf-8", "surrogatepass")
    assert key == occurred_ms.to_bytes(6, "big") + blake2b(text, digest_size=10).digest()


@given(
    one=st.tuples(st.text(), st.integers(0, 2**48 - 1)),
    other=st.tuples(st.text(), st.integers(0, 2**48 - 1)),
)
def test_keys_sort_by_time_whatever_the_ids_look_like(one: tuple[str, int], other: tuple[str, int]) -> None:
    keys = dedupe_key(1, *one), dedupe_key(1, *other)
    if one[1] != other[1]:
        assert (keys[0] < keys[1]) == (one[1] < other[1])


def test_a_number_of_a_source_does_not_run_into_the_id_behind_it() -> None:
    assert dedupe_key(1, "23", 0) != dedupe_key(12, "3", 0)


@pytest.mark.parametrize(
    "intern",
    [
        lambda connection, name: intern_source(connection, HOME, name).number,
        lambda connection, name: intern_feature(connection, HOME, "copilot", name),
    ],
    ids=["source", "feature"],
)
def test_threads_that_meet_new_names_at_once_agree_on_their_numbers(
    database: Database, intern: Callable[[Connection, str], int]
) -> None:
    start = Barrier(4)

    def meet(seed: int) -> dict[str, int]:
        names = [f"name {number}" for number in range(8)]
        random.Random(seed).shuffle(names)
        start.wait()
        numbers = {}
        for name in names:
            with database.write("usage", HOME) as connection:
                numbers[name] = intern(connection, name)
        return numbers

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(meet, range(4))
    assert others == [first] * 3
    assert sorted(first.values()) == list(range(1, 9))


def test_app_name_kind_and_grain_each_make_another_feature_and_each_workspace_counts_anew(database: Database) -> None:
    with database.write("usage", HOME) as connection:
        numbers = [
            intern_feature(connection, HOME, "copilot", "draft"),
            intern_feature(connection, HOME, "copilot", "send"),
            intern_feature(connection, HOME, "wiki", "draft"),
            intern_feature(connection, HOME, "copilot", "draft", kind="passive"),
            intern_feature(connection, HOME, "copilot", "draft", grain="day"),
            intern_feature(connection, HOME, "copilot", "draft", "use", "instant"),
            intern_feature(connection, "elsewhere", "copilot", "send"),
        ]
        sources = [intern_source(connection, HOME, name).number for name in ("default", "lms", "default")]
    assert numbers == [1, 2, 3, 4, 5, 1, 1]
    assert sources == [1, 2, 1]
    with database.read() as connection:
        assert len(connection.execute(select(FEATURE)).all()) == 6
        assert len(connection.execute(select(SOURCE)).all()) == 2


def test_an_import_has_a_number_of_its_own_and_goes_with_its_source(database: Database) -> None:
    one, other = uuid4(), uuid4()
    with database.write("usage", HOME) as connection:
        numbers = [
            intern_source(connection, HOME, "files").number,
            intern_import(connection, HOME, "files", one),
            intern_import(connection, HOME, "files", other),
            intern_import(connection, HOME, "files", one),
            intern_source(connection, HOME, "files").number,
        ]
        assert retire_source(connection, HOME, "files") == [1, 2, 3]
        numbers += [intern_source(connection, HOME, "files").number, intern_import(connection, HOME, "files", one)]
    assert numbers == [1, 2, 3, 2, 1, 4, 2]


def test_an_item_is_the_same_whether_its_source_or_an_import_tells_it(database: Database) -> None:
    assert store(database, use("a")) == [True]
    assert store(database, use("a", source_id=2, keyed_by=1), use("b", source_id=2, keyed_by=1)) == [False, True]
    assert store(database, use("b")) == [False]
