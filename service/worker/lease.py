"""A lease: of all workers, one may evaluate a workspace, until its lease runs out or it lets go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, insert, select, update

from events.database import Database
from events.envelope import new_id
from service.worker.clock import store_now
from service.worker.tables import LEASE

LEASE_TIME = timedelta(seconds=60)
"""Longer than an evaluation takes, short enough that a dead worker is soon replaced."""


class LostLease(Exception):
    """Somebody else holds the lease by now; what was about to be recorded is not."""


@contextmanager
def lease(database: Database, workspace_id: str, task: str) -> Iterator[int | None]:
    """Yields the lease's fencing epoch, or None when another worker holds it. Let go of at the end of the block."""
    holder = str(new_id())
    epoch = _take(database, workspace_id, task, holder)
    try:
        yield epoch
    finally:
        if epoch is not None:
            with database.write("work", workspace_id) as connection:
                connection.execute(
                    update(LEASE)
                    .where(*_here(workspace_id, task), LEASE.c.epoch == epoch)
                    .values(until=store_now(connection))
                )


def check(connection: Connection, workspace_id: str, task: str, epoch: int) -> None:
    """Fences a late holder off, inside the transaction that records what it decided. Raises LostLease."""
    held = connection.scalar(select(LEASE.c.epoch).where(*_here(workspace_id, task)).with_for_update())
    if held != epoch:
        raise LostLease(task)


def _take(database: Database, workspace_id: str, task: str, holder: str) -> int | None:
    with database.write("events", workspace_id) as connection:
        now = store_now(connection)
        if connection.scalar(select(LEASE.c.epoch).where(*_here(workspace_id, task))) is None:
            connection.execute(
                insert(LEASE).values(
                    workspace_id=workspace_id, task=task, holder=holder, until=now + LEASE_TIME, epoch=1
                )
            )
            return 1
        taken = connection.execute(
            update(LEASE)
            .where(*_here(workspace_id, task), LEASE.c.until <= now)
            .values(holder=holder, until=now + LEASE_TIME, epoch=LEASE.c.epoch + 1)
            .returning(LEASE.c.epoch)
        ).first()
        return None if taken is None else int(taken.epoch)


def _here(workspace_id: str, task: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return LEASE.c.workspace_id == workspace_id, LEASE.c.task == task
