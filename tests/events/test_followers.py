"""Followers apply every event exactly once and in order, whatever happens to them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Connection, MetaData, Row, String, Table, func, insert, select, text, update
from sqlalchemy.exc import OperationalError

from events.database import Database
from events.envelope import Recorded
from events.followers import Overtaken, Step, advance, enrol, move
from events.tables import FOLLOWER
from tests.events.cast import HOME, fact, tell, until

SEEN = Table(
    "seen",
    MetaData(),
    Column("follower", String, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger),
)


class Notes:
    """A read model that notes which position it was given as its first, second, third; `then` may spoil one."""

    def __init__(self, name: str, then: Callable[[Connection, Recorded], None] = lambda *_: None) -> None:
        self.name = name
        self._then = then

    def apply(self, step: Step) -> None:
        connection, recorded = step.connection, step.recorded
        so_far = connection.scalar(select(func.count()).where(SEEN.c.follower == self.name))
        connection.execute(
            insert(SEEN).values(follower=self.name, position=recorded.position, number=(so_far or 0) + 1)
        )
        self._then(connection, recorded)


ALPHA, BETA = Notes("alpha"), Notes("beta")


@pytest.fixture
def store(database: Database) -> Database:
    """A store with a place for notes, where alpha and beta are enrolled."""
    with database.write("events", HOME) as connection:
        SEEN.create(connection)
        enrol(connection, HOME, ["alpha", "beta"])
    return database


def seen(database: Database, name: str) -> list[int]:
    """The positions a follower was given, in the order in which it was given them."""
    with database.read() as connection:
        return list(connection.scalars(select(SEEN.c.position).where(SEEN.c.follower == name).order_by(SEEN.c.number)))


def checkpoint(database: Database, name: str, workspace: str = HOME) -> Row[Any]:
    with database.read() as connection:
        return connection.execute(
            select(FOLLOWER).where(FOLLOWER.c.workspace_id == workspace, FOLLOWER.c.name == name)
        ).one()


def spoil(position: int, error: Exception) -> Callable[[Connection, Recorded], None]:
    def then(_: Connection, recorded: Recorded) -> None:
        if recorded.position == position:
            raise error

    return then


def test_every_follower_gets_each_event_once_and_in_order(store: Database) -> None:
    tell(store, *(fact() for _ in range(7)))
    steps = [advance(store, HOME, [ALPHA, BETA], limit=3) for _ in range(4)]
    assert steps == [3, 3, 1, 0]
    tell(store, fact())
    assert advance(store, HOME, [ALPHA, BETA]) == 1
    assert seen(store, "alpha") == seen(store, "beta") == list(range(1, 9))
    assert checkpoint(store, "alpha").position == 8


def test_a_follower_that_joins_later_catches_up_without_disturbing_the_others(store: Database) -> None:
    tell(store, *(fact() for _ in range(5)))
    while advance(store, HOME, [ALPHA], limit=2):
        pass
    tell(store, *(fact() for _ in range(5)))
    while advance(store, HOME, [ALPHA, BETA], limit=3):
        pass
    assert seen(store, "alpha") == seen(store, "beta") == list(range(1, 11))


def test_enrolling_again_leaves_the_checkpoint_where_it_is(store: Database) -> None:
    tell(store, fact())
    advance(store, HOME, [ALPHA])
    with store.write("events", HOME) as connection:
        enrol(connection, HOME, ["alpha", "gamma"])
    assert checkpoint(store, "alpha").position == 1
    assert checkpoint(store, "gamma").position == 0


def test_a_follower_that_is_not_enrolled_is_given_nothing(store: Database) -> None:
    tell(store, fact())
    assert advance(store, HOME, [Notes("gamma")]) == 0
    assert seen(store, "gamma") == []


def test_each_workspace_has_checkpoints_of_its_own(store: Database) -> None:
    with store.write("events", "elsewhere") as connection:
        enrol(connection, "elsewhere", ["alpha"])
    tell(store, fact(), workspace="elsewhere")
    assert advance(store, HOME, [ALPHA]) == 0
    assert advance(store, "elsewhere", [ALPHA]) == 1
    assert checkpoint(store, "alpha", "elsewhere").position == 1
    assert checkpoint(store, "alpha").position == 0


def test_a_poison_event_stops_only_the_follower_it_breaks_and_leaves_no_half_step(store: Database) -> None:
    tell(store, *(fact() for _ in range(6)))
    fragile = Notes("alpha", spoil(5, RuntimeError("boom")))
    steps = [advance(store, HOME, [fragile, BETA], limit=3) for _ in range(3)]
    assert steps == [3, 3, 0]
    assert seen(store, "alpha") == [1, 2, 3, 4], "what came before the poison is good"
    assert seen(store, "beta") == [1, 2, 3, 4, 5, 6]
    stopped, other = checkpoint(store, "alpha"), checkpoint(store, "beta")
    assert (stopped.position, stopped.stopped) == (4, "RuntimeError at position 5")
    assert (other.position, other.stopped) == (6, None)
    tell(store, fact())
    assert advance(store, HOME, [ALPHA, BETA]) == 1
    assert seen(store, "alpha") == [1, 2, 3, 4]


def test_a_statement_that_the_database_refuses_is_a_poison_as_well(store: Database) -> None:
    def twice(connection: Connection, recorded: Recorded) -> None:
        connection.execute(insert(SEEN).values(follower="alpha", position=recorded.position, number=0))

    tell(store, fact())
    advance(store, HOME, [Notes("alpha", twice), BETA])
    assert checkpoint(store, "alpha").stopped == "IntegrityError at position 1"
    assert (seen(store, "alpha"), seen(store, "beta")) == ([], [1])


def test_the_reason_of_a_stop_does_not_repeat_what_the_error_says_about_people(store: Database) -> None:
    tell(store, fact())
    advance(store, HOME, [Notes("alpha", spoil(1, ValueError("alice@example.org")))])
    assert "alice" not in checkpoint(store, "alpha").stopped


def test_a_store_that_fails_is_no_poison_and_the_whole_step_is_taken_again(store: Database) -> None:
    tell(store, fact(), fact())
    failing = Notes("beta", spoil(2, OperationalError("SELECT 1", None, Exception("the disk is full"))))
    with pytest.raises(OperationalError):
        advance(store, HOME, [ALPHA, failing])
    assert (seen(store, "alpha"), seen(store, "beta")) == ([], [])
    assert (checkpoint(store, "alpha").position, checkpoint(store, "beta").stopped) == (0, None)
    assert advance(store, HOME, [ALPHA, BETA]) == 2
    assert seen(store, "alpha") == seen(store, "beta") == [1, 2]


def test_a_checkpoint_that_somebody_else_moved_is_not_moved_again(store: Database) -> None:
    before = checkpoint(store, "alpha")
    with store.write("work", HOME) as connection:
        move(connection, before, 1, 0)
    with pytest.raises(Overtaken), store.write("work", HOME) as connection:
        move(connection, before, 2, 0)
    after = checkpoint(store, "alpha")
    assert (after.position, after.epoch) == (1, before.epoch + 1)


def test_a_checkpoint_moved_there_and_back_is_noticed_by_its_epoch(store: Database) -> None:
    before = checkpoint(store, "alpha")
    with store.write("work", HOME) as connection:
        connection.execute(update(FOLLOWER).where(FOLLOWER.c.name == "alpha").values(epoch=before.epoch + 2))
    with pytest.raises(Overtaken), store.write("work", HOME) as connection:
        move(connection, before, 1, 0)


def test_a_step_that_was_overtaken_leaves_no_rows(store: Database) -> None:
    def overtake(connection: Connection, _: Recorded) -> None:
        connection.execute(text("UPDATE follower SET epoch = epoch + 1 WHERE name = 'alpha'"))

    tell(store, fact())
    with pytest.raises(Overtaken):
        advance(store, HOME, [BETA, Notes("alpha", overtake)])
    assert (seen(store, "alpha"), seen(store, "beta")) == ([], [])
    assert checkpoint(store, "alpha").stopped is None


def test_threads_that_advance_at_once_apply_each_event_once(store: Database) -> None:
    total, start = 40, Barrier(4)
    tell(store, *(fact() for _ in range(total)))

    def catch_up(_: int) -> None:
        start.wait()
        for _round in until(lambda: checkpoint(store, "beta").position == total):
            advance(store, HOME, [ALPHA, BETA], limit=3)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(catch_up, range(4)))
    assert seen(store, "alpha") == seen(store, "beta") == list(range(1, total + 1))


def test_events_appended_while_followers_advance_are_all_applied(store: Database) -> None:
    total = 30

    def write() -> None:
        for _ in range(total):
            tell(store, fact())

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        for _ in until(lambda: checkpoint(store, "beta").position == total):
            advance(store, HOME, [ALPHA, BETA], limit=4)
        writer.result()
    assert seen(store, "alpha") == seen(store, "beta") == list(range(1, total + 1))
