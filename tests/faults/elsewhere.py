"""What faults run in a process of its own: `python -m tests.faults.elsewhere WHAT URL ...`.

Says `ready` and waits for its standard input to end before it begins.
"""

from __future__ import annotations

import os
import random
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event, Thread
from time import monotonic
from typing import Any

from sqlalchemy import Connection, event, select

from events.activity import NAME, advance_activity
from events.appending import append
from events.connect import open_database
from events.database import Database, Lock
from events.envelope import Who
from events.followers import advance
from events.log import head
from events.tables import FOLLOWER
from events.usage_log import last_seq
from service.readmodels import sources as sources_module
from service.readmodels.rebuilding import rebuild
from service.readmodels.registry import READMODELS
from service.readmodels.sources import Source, sources
from tests.faults.office import facts
from tests.faults.stores import HOME, ZONE
from tests.faults.trust import in_silence

WRITER = "writer"
"""Who appends, as it stands in the events."""

DIED = 9
"""Exit code of a process that was made to end without a word."""


def hold_open(chance: random.Random) -> float:
    """How long a writer keeps its transaction open, in seconds: 0 to 0.2, mostly short."""
    return float(0.2 * chance.random() ** 8)


def write(url: str, threads: str, transactions: str, events: str, seed: str) -> None:
    """Several writers; prints how many events they appended, and the longest time (s) that one took for its turn."""
    database = open_database(url, lock_seconds=60)
    _begin()
    done: list[int] = []
    turns: list[float] = []

    def writer(chance: random.Random) -> None:
        for _ in range(int(transactions)):
            asked = monotonic()
            with database.write("events", HOME) as connection:
                turns.append(monotonic() - asked)
                done.append(len(append(connection, HOME, facts(chance, int(events)), Who(actor=WRITER, via="api"))))
                Event().wait(hold_open(chance))

    writers = [Thread(target=writer, args=(random.Random(f"{seed} {number}"),)) for number in range(int(threads))]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    database.close()
    sys.stdout.write(f"{sum(done)} {max(turns)}\n")


def die_often(url: str, limit: str) -> None:
    """Brings every follower to the head, and then rebuilds each, by processes that die wherever they wrote anything.

    Of two processes the first dies with its transaction written and not committed, the second right after the commit.
    Prints how many died.
    """
    _begin()
    deaths = _again_and_again(url, _at_the_head, lambda database: _follow(database, int(limit)))
    sources_module._EVENTS = sources_module._OBSERVATIONS = int(limit)
    for source in sources(ZONE).values():
        deaths += _again_and_again(url, partial(_swapped, source), partial(_rebuild, source))
    sys.stdout.write(f"{deaths}\n")


def _again_and_again(url: str, done: Callable[[Any], bool], work: Callable[[Any], object]) -> int:
    """Starts a process after the other until one finds the work done; how many died."""
    deaths = 0
    while True:
        # A fork, because an interpreter takes longer to start than a step takes; nothing is open in the parent.
        child = os.fork()
        if not child:
            _work_and_die(url, done, work, committed=deaths % 2 == 1)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == 0:
            return deaths
        assert code == DIED, f"a follower ended with {code}"
        deaths += 1


def _work_and_die(url: str, done: Callable[[Any], bool], work: Callable[[Any], object], committed: bool) -> None:
    code = 1
    try:
        database = Mortal(open_database(url), committed)
        while not done(database):
            # On PostgreSQL the server may not have noticed yet that the one before is dead, and keep its row locked.
            work(database)
            Event().wait(0.01)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        # Neither the parent's clean-up nor SQLite's is the child's to do.
        os._exit(code)


def _at_the_head(database: Database) -> bool:
    with database.read() as connection:
        heads = head(connection, HOME)[0], last_seq(connection, HOME)
        rows = connection.execute(select(FOLLOWER).where(FOLLOWER.c.workspace_id == HOME)).all()
    return all(row.position == heads[row.name == NAME] for row in rows)


def _swapped(source: Source, database: Database) -> bool:
    with database.read() as connection:
        mine = FOLLOWER.c.workspace_id == HOME, FOLLOWER.c.name == source.name
        return bool(connection.scalar(select(FOLLOWER.c.generation).where(*mine)) == 2)


def _rebuild(source: Source, database: Database) -> None:
    rebuild(database, HOME, source, in_silence)


class Mortal:
    """A database whose process dies at the end of its first write that wrote anything, before or after the commit."""

    def __init__(self, database: Database, committed: bool) -> None:
        self._database, self._committed = database, committed
        self.engine, self.url, self.read = database.engine, database.url, database.read

    @contextmanager
    def write(self, lock: Lock, workspace_id: str, *rest: Any, **named: Any) -> Iterator[Connection]:
        with self._database.write(lock, workspace_id, *rest, **named) as connection:
            wrote = Wrote(connection)
            yield connection
            if wrote and not self._committed:
                os._exit(DIED)
        if wrote:
            os._exit(DIED)


class Wrote:
    """Whether a connection has altered a row since."""

    def __init__(self, connection: Connection) -> None:
        self._rows = 0
        event.listen(connection, "after_cursor_execute", self._count)

    def _count(self, connection: object, cursor: Any, statement: str, *_: object) -> None:
        if statement.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
            self._rows += max(cursor.rowcount, 0)

    def __bool__(self) -> bool:
        return self._rows > 0


def _follow(database: Any, limit: int) -> None:
    advance(database, HOME, READMODELS, limit)
    advance_activity(database, HOME, ZONE, limit)


def _begin() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    {"write": write, "die_often": die_often}[sys.argv[1]](*sys.argv[2:])  # type: ignore[operator]
