"""What can be rebuilt, and from what: read models from the event log, activity sets from the usage log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, func, insert, literal, not_, select
from sqlalchemy.exc import InterfaceError, OperationalError

from events.activity import NAME, Group, grouped, merge, read_usage
from events.catalog import UnknownEvent
from events.envelope import Recorded
from events.followers import Step
from events.log import head, read
from events.seals import Sealed, sealed
from events.tables import ACTIVITY, USAGE
from events.usage_log import last_seq
from service.readmodels.registry import READMODELS, ReadModel
from service.readmodels.temporal import live

_EVENTS = 200
"""Applied in one transaction: on SQLite every other writer waits meanwhile, some tens of milliseconds."""
_OBSERVATIONS = 50_000
"""Each step reads and writes every set that it touches, and rows of one day touch the same sets again and again."""


class CannotRebuild(Exception):
    """What it would be made from is gone; nothing was changed."""


class StillBroken(Exception):
    """An event breaks the new generation too; the old one stays."""


@dataclass(frozen=True)
class Part:
    """Some of a log, up to a position and including it."""

    position: int
    content: Any


@dataclass(frozen=True)
class _Observed:
    """What some observations add to sets; and before it, up to where sets are closed."""

    groups: Sequence[Group]
    closed: Sealed | None = None


class Source(Protocol):
    """A follower's rows and where they come from."""

    @property
    def name(self) -> str: ...

    @property
    def tables(self) -> tuple[Table, ...]: ...

    def last(self, connection: Connection, workspace_id: str) -> int:
        """The last position of the log."""
        ...

    def mark(self, connection: Connection, workspace_id: str) -> int:
        """What must not change while it is rebuilt, as a number that does when it does."""
        ...

    def check(self, connection: Connection, workspace_id: str, generation: int) -> None:
        """Raises CannotRebuild when the log does not reach back to what the live generation knows."""
        ...

    def read(self, connection: Connection, workspace_id: str, after: int, until: int) -> Part | None:
        """What comes next, or None. Raises StillBroken for an event that is newer than this program."""
        ...

    def write(self, connection: Connection, workspace_id: str, generation: int, part: Part) -> None:
        """Applies a part to a generation. Raises StillBroken."""
        ...


@dataclass(frozen=True)
class FromEvents:
    """A read model."""

    model: ReadModel

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def tables(self) -> tuple[Table, ...]:
        return self.model.tables

    def last(self, connection: Connection, workspace_id: str) -> int:
        return head(connection, workspace_id)[0]

    def mark(self, connection: Connection, workspace_id: str) -> int:
        return 0

    def check(self, connection: Connection, workspace_id: str, generation: int) -> None:
        """Events are never deleted."""

    def read(self, connection: Connection, workspace_id: str, after: int, until: int) -> Part | None:
        limit = min(_EVENTS, until - after)
        try:
            events = read(connection, workspace_id, after, limit) if limit > 0 else []
        except UnknownEvent as newer:
            raise StillBroken(f"{self.name}: {newer}") from None
        return Part(events[-1].position, events) if events else None

    def write(self, connection: Connection, workspace_id: str, generation: int, part: Part) -> None:
        for recorded in part.content:
            self._apply(Step(connection, recorded, generation), recorded)

    def _apply(self, step: Step, recorded: Recorded) -> None:
        try:
            self.model.apply(step)
        except (OperationalError, InterfaceError):
            # The store failed, not the event.
            raise
        except Exception as error:
            told = f"{type(error).__name__} at position {recorded.position}, an event of type {recorded.event.wire}"
            raise StillBroken(f"{self.name}: {told}") from error


@dataclass(frozen=True)
class FromUsage:
    """The activity sets of a workspace whose days are cut in `zone`."""

    zone: ZoneInfo
    name: str = NAME
    tables: tuple[Table, ...] = (ACTIVITY,)

    def last(self, connection: Connection, workspace_id: str) -> int:
        return last_seq(connection, workspace_id)

    def mark(self, connection: Connection, workspace_id: str) -> int:
        # What is closed meanwhile is not among the sets that were copied, and its observations may be gone.
        return sealed(connection, workspace_id).received.toordinal()

    def check(self, connection: Connection, workspace_id: str, generation: int) -> None:
        first = connection.scalar(select(func.min(USAGE.c.seq)).where(USAGE.c.workspace_id == workspace_id))
        oldest = connection.scalar(
            select(func.min(ACTIVITY.c.seq)).where(
                ACTIVITY.c.workspace_id == workspace_id,
                ACTIVITY.c.generation == generation,
                ACTIVITY.c.received_day > sealed(connection, workspace_id).received,
            )
        )
        if oldest is not None and (first is None or oldest < first):
            raise CannotRebuild(
                f"{self.name}: observations before number {first or last_seq(connection, workspace_id) + 1} are no "
                f"longer kept one by one, and sets that were made from them (the oldest up to number {oldest}) would "
                "be lost; the live sets stay"
            )

    def read(self, connection: Connection, workspace_id: str, after: int, until: int) -> Part | None:
        closed = sealed(connection, workspace_id)
        which = USAGE.c.seq <= until, not_(closed.covers(self.zone))
        rows = read_usage(connection, workspace_id, after, _OBSERVATIONS, *which)
        groups = grouped(rows, self.zone, closed) if rows else []
        if after == 0 < until and closed.through:
            return Part(int(rows[-1].seq) if rows else until, _Observed(groups, closed))
        return Part(int(rows[-1].seq), _Observed(groups)) if rows else None

    def write(self, connection: Connection, workspace_id: str, generation: int, part: Part) -> None:
        observed: _Observed = part.content
        if observed.closed:
            # Taken as they are: the observations that they were made from may be gone.
            self._copy(connection, workspace_id, generation, observed.closed)
        merge(connection, workspace_id, generation, observed.groups)

    def _copy(self, connection: Connection, workspace_id: str, generation: int, closed: Sealed) -> None:
        columns = [column for column in ACTIVITY.columns if column.name != "generation"]
        rows = select(literal(generation), *columns).where(
            live(ACTIVITY, NAME, workspace_id), ACTIVITY.c.received_day <= closed.received
        )
        names = ["generation", *(column.name for column in columns)]
        connection.execute(insert(ACTIVITY).from_select(names, rows))


def sources(zone: ZoneInfo) -> dict[str, Source]:
    """All that can be rebuilt of a workspace, by name."""
    found: list[Source] = [*(FromEvents(model) for model in READMODELS), FromUsage(zone)]
    return {source.name: source for source in found}
