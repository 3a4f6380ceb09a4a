"""What the tests run in a process of its own: `python -m tests.service.worker.another_process WHAT ...`.

Says `ready`, and begins when it is told to by a line of input. The stores are those of its environment.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import time_machine

from events.connect import open_database
from service.settings import Settings
from service.takehold import Takehold
from service.worker.lease import lease
from service.worker.loop import Worker
from service.worker.outbox import claim


def hold_lease(workspace_id: str) -> None:
    """Says the epoch it got or `None`, and holds the lease until its input ends."""
    database = open_database(Settings().database_url)
    _wait_to_begin()
    with lease(database, workspace_id, "evaluate") as epoch:
        _say(str(epoch))
        sys.stdin.read()
    database.close()


def claim_all(workspace_id: str) -> None:
    """Claims one delivery after the other, and says which."""
    database = open_database(Settings().database_url)
    _wait_to_begin()
    claims = []
    while claimed := claim(database, workspace_id, datetime.now(UTC)):
        claims.append(str(claimed.delivery))
    _say(" ".join(claims))
    database.close()


def work(instant: str) -> None:
    """A whole worker, whose clock stands at an instant when it begins; says `works`, and stops when its input ends."""
    takehold = Takehold(Settings())
    _wait_to_begin()
    with time_machine.travel(datetime.fromisoformat(instant)):
        worker = Worker(takehold)
        worker.start()
        _say("works")
        sys.stdin.read()
        worker.stop()
    takehold.close()


def _wait_to_begin() -> None:
    _say("ready")
    sys.stdin.readline()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    {"hold_lease": hold_lease, "claim_all": claim_all, "work": work}[sys.argv[1]](*sys.argv[2:])
