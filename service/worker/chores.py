"""What was last done when: read by the web process and the doctor, which are other processes than the worker."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import DBAPIError

from events.database import Busy, Database
from service.worker.tables import CHORE

TASKS = ("follow", "evaluate", "deliver")
BACKUP = "backup"
STORE = ""
"""In place of a workspace, for what is done for the whole store."""

EVERY_SECONDS = 30.0
"""Each telling is a commit, and rounds come every second."""

_log = structlog.get_logger(__name__)


@dataclass
class _Told:
    """What happened since it was last written down."""

    written: float | None = None
    at: datetime | None = None
    failures: int = 0
    detail: str = ""


class Chores:
    """Notes how a worker's rounds ended, at most every 30 s for each task of a workspace. Threads may share it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._told: dict[tuple[str, str], _Told] = {}

    def succeeded(self, workspace_id: str, task: str) -> None:
        with self._lock:
            told = self._told.setdefault((workspace_id, task), _Told())
            told.at = datetime.now(UTC)
            self._tell(workspace_id, task, told)

    def failed(self, workspace_id: str, task: str, error: Exception) -> None:
        with self._lock:
            told = self._told.setdefault((workspace_id, task), _Told())
            told.failures += 1
            told.detail = type(error).__name__
            self._tell(workspace_id, task, told)

    def _tell(self, workspace_id: str, task: str, told: _Told) -> None:
        now = time.monotonic()
        if told.written is not None and now - told.written < EVERY_SECONDS:
            return
        try:
            with self._database.write("work", workspace_id) as connection:
                note(connection, workspace_id, task, told.at, told.failures, told.detail)
        except (Busy, DBAPIError) as error:
            # Told with the next round: the round itself is done, and its task must go on whatever happens here.
            _log.warning("chore was not noted", task=task, error=type(error).__name__)
            return
        self._told[workspace_id, task] = _Told(now)


def note(
    connection: Connection,
    workspace_id: str,
    name: str,
    at: datetime | None,
    failures: int = 0,
    detail: str = "",
) -> None:
    """Notes a success at `at`, if any, and adds failures; inside a write transaction."""
    here = CHORE.c.workspace_id == workspace_id, CHORE.c.name == name
    known = connection.execute(select(CHORE).where(*here).with_for_update()).first()
    if known is None:
        values = {"workspace_id": workspace_id, "name": name, "at": at, "failures": failures, "detail": detail}
        connection.execute(insert(CHORE).values(**values))
        return
    connection.execute(
        update(CHORE)
        .where(*here)
        .values(at=at or known.at, failures=known.failures + failures, detail=detail or known.detail)
    )
