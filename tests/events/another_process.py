"""What the tests run in a process of its own: `python -m tests.events.another_process WHAT URL ...`.

Says `ready` before it waits for its standard input to end.
"""

from __future__ import annotations

import random
import sys
from threading import Event, Thread
from typing import cast

from events.appending import append
from events.connect import open_database
from events.database import Lock
from tests.events.cast import CHAMPION, HOME, fact


def pause(chance: random.Random) -> float:
    """How long a writer keeps its transaction open: 0 to 0.2 s, more often short than long."""
    return float(0.2 * chance.random() ** 2)


def hold(url: str, lock: str) -> None:
    """Takes a lock and keeps it."""
    with open_database(url).write(cast("Lock", lock), HOME):
        _wait_for_the_end()


def append_some(url: str, threads: str, each: str, seed: str) -> None:
    """Appends from several threads, holding each transaction for 0 to 200 ms."""
    database = open_database(url, lock_seconds=60)
    _wait_for_the_end()
    chance = random.Random(int(seed))
    holds = [[pause(chance) for _ in range(int(each))] for _ in range(int(threads))]

    def write(pauses: list[float]) -> None:
        for seconds in pauses:
            with database.write("events", HOME) as connection:
                append(connection, HOME, [fact()], CHAMPION)
                Event().wait(seconds)

    writers = [Thread(target=write, args=(pauses,)) for pauses in holds]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    database.close()


def _wait_for_the_end() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    {"hold": hold, "append_some": append_some}[sys.argv[1]](*sys.argv[2:])  # type: ignore[operator]
