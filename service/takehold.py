"""The running service: its settings, its stores, and one unit of work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from msgspec import MsgspecError
from sqlalchemy import Connection, Row, select
from sqlalchemy.exc import DBAPIError

from events.activity import NAME as ACTIVITY_FOLLOWER
from events.catalog import UnknownEvent
from events.connect import open_database
from events.database import Busy, Database
from events.envelope import Who, new_id
from events.followers import Overtaken, advance, enrol, missing
from service.directory.accounts import Accounts
from service.directory.tables import WORKSPACE
from service.lag import check_none_ahead
from service.readmodels.registry import READMODELS
from service.schema import upgrade
from service.settings import Settings
from service.unit import Unit, Workspace
from service.vault import Vault

_log = structlog.get_logger(__name__)
_FOLLOWERS = [*(model.name for model in READMODELS), ACTIVITY_FOLLOWER]
_CATCH_UP_SECONDS = 0.1
"""How long a request may help its own read models along, waiting for its turn included; the worker does the rest."""

_EVENTS_AT_ONCE = 50
"""In a step of a request that helps along: about 20 ms, so that a step begun in time ends in time."""

Stopped = Callable[[], bool]
"""Asked between two steps of long work, whether the process is to end."""


class NoWorkspace(Exception):
    """There is no such workspace; `takehold init` makes one."""


class Takehold:
    """Opens the stores that the settings name, and brings them to the newest schema. Safe to share between threads.

    Raises NewerSchema, and AheadOfLog unless `ahead` says that read models ahead of their log are what to mend.
    """

    def __init__(self, settings: Settings, ahead: bool = False) -> None:
        self.settings = settings
        self.database: Database = open_database(settings.database_url)
        with ExitStack() as failed:
            failed.callback(self.database.close)
            upgrade(self.database)
            self.vault = Vault(settings.keys)
            failed.callback(self.vault.close)
            self.accounts = Accounts(self.vault)
            self._enrol_new_followers()
            if not ahead:
                with self.database.read() as connection:
                    check_none_ahead(connection)
            failed.pop_all()

    def workspace(self, workspace_id: str = "default") -> Workspace:
        """Raises NoWorkspace."""
        with self.database.read() as connection:
            row = connection.execute(select(WORKSPACE).where(WORKSPACE.c.workspace_id == workspace_id)).first()
        if row is None:
            raise NoWorkspace(workspace_id)
        return _workspace(row)

    def workspaces(self) -> list[Workspace]:
        with self.database.read() as connection:
            return [_workspace(row) for row in connection.execute(select(WORKSPACE))]

    @contextmanager
    def command(
        self, workspace_id: str, actor: str, via: str, import_id: UUID | None = None, now: datetime | None = None
    ) -> Iterator[Unit]:
        """One unit of work; afterwards the read models are helped along, which never alters the answer."""
        workspace = self.workspace(workspace_id)
        who = Who(actor=actor, via=via, import_id=import_id, correlation=new_id())
        with self.database.write("events", workspace_id) as connection:
            unit = Unit(connection, workspace, self.vault, who, now or datetime.now(UTC))
            yield unit
        if unit.recorded:
            self.catch_up(workspace_id, _CATCH_UP_SECONDS)

    def catch_up(self, workspace_id: str, seconds: float | None = None, stopped: Stopped = lambda: False) -> None:
        """Brings the read models to the head of the log, for at most about `seconds`, or for as long as it takes until
        it is `stopped`."""
        try:
            if seconds is None:
                while not stopped() and advance(self.database, workspace_id, READMODELS):
                    pass
                return
            deadline = time.monotonic() + seconds
            while (left := deadline - time.monotonic()) > 0:
                # With the store's own patience a request would wait 5 s behind another writer, for nothing it answers.
                if not advance(self.database, workspace_id, READMODELS, _EVENTS_AT_ONCE, patience=left):
                    return
        except (Busy, Overtaken, UnknownEvent, DBAPIError, MsgspecError) as error:
            # What was recorded stands, whatever keeps the read models from following; the worker goes on trying.
            _log.warning("read models wait", workspace=workspace_id, error=type(error).__name__)

    def _enrol_new_followers(self) -> None:
        """A newer program may bring read models that older workspaces have no checkpoint for."""
        for workspace in self.workspaces():
            with self.database.read() as connection:
                new = missing(connection, workspace.id, _FOLLOWERS)
            if new:
                with self.database.write("events", workspace.id) as connection:
                    self.enrol(connection, workspace.id)

    def enrol(self, connection: Connection, workspace_id: str) -> None:
        """Gives every follower its checkpoint in a workspace."""
        enrol(connection, workspace_id, _FOLLOWERS)

    def limit_use(self, seconds: float) -> None:
        """For those who answer somebody, or must not stand still with their store: see Database."""
        self.database.limit_use(seconds)
        self.vault.limit_use(seconds)

    def close(self) -> None:
        self.database.close()
        self.vault.close()


def _workspace(row: Row[*tuple[object, ...]]) -> Workspace:
    return Workspace(row.workspace_id, row.name, ZoneInfo(row.zone), row.minimum_group)
