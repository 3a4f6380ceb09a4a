"""What a store must offer, whichever engine keeps it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Literal, Protocol

from sqlalchemy import Connection, Engine

Lock = Literal["events", "usage", "work"]
"""What a writer holds to commit: a workspace's event log, its usage log, or nothing but its own rows."""

LOCK_SECONDS = 5
"""How long a writer waits for its turn. A client gets a clear 503 well before its own time-out, never a hang."""


class Busy(Exception):
    """The store did not give the writer its turn in time; trying again later may succeed."""


class Database(Protocol):
    """One store. Safe to share between threads."""

    url: str
    engine: Engine

    def read(self) -> AbstractContextManager[Connection]:
        """One consistent snapshot that cannot write. Raises Busy when every connection is taken."""
        ...

    def write(self, lock: Lock, workspace_id: str, patience: float | None = None) -> AbstractContextManager[Connection]:
        """One transaction that holds `lock` to commit; rolled back when the block raises. Raises Busy.

        patience: how long it waits for its turn and for rows that others hold, in seconds; None for the store's own.
        """
        ...

    def limit_use(self, seconds: float) -> None:
        """From now on, who reads or writes for longer than `seconds` is cut off with an error of the driver's.

        For those who answer somebody; without it a rebuild or a backup takes as long as it takes.
        """
        ...

    def maintain(self) -> None:
        """Housekeeping that one process does now and then."""
        ...

    def close(self) -> None: ...
