"""The same facts through pyeventsourcing's `eventsourcing`, in the shape of its that was fastest here: one aggregate
saved with all events of a call (a call of `EventStore.put` with an aggregate each took a tenth to twice as long)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, DomainEventProtocol
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.sqlite import SQLiteTrackingRecorder
from sqlalchemy.engine import make_url

from benchmarks.engines import Bench, Engine
from events.envelope import NewEvent
from events.types.training import TrainingRecorded

AGGREGATES = "eventsourcing"
_PAGE = 500


class Taught(Aggregate):
    """Trainings of some people."""

    class Recorded(Aggregate.Event):
        person: UUID
        course: str
        status: str
        score: float

        def apply(self, aggregate: Aggregate) -> None:
            """Nothing to keep: only the log is measured."""


class Aggregates:
    """An application of theirs in a store of its own."""

    def __init__(self, bench: Bench, engine: Engine) -> None:
        url = make_url(bench.fresh(engine))
        name = str(url.database)
        if engine == "sqlite":
            environment = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": f"{name}.peer"}
        else:
            environment = {
                "PERSISTENCE_MODULE": "eventsourcing.postgres",
                "POSTGRES_DBNAME": name,
                "POSTGRES_HOST": str(url.query.get("host") or url.host),
                "POSTGRES_PORT": str(url.port or 5432),
                "POSTGRES_USER": str(url.username),
                "POSTGRES_PASSWORD": str(url.password or ""),
            }
        self._engine = engine
        self.application: Application[UUID] = Application(env=environment)

    def save(self, calls: Sequence[Sequence[NewEvent]]) -> None:
        """An aggregate a call, with all its events in one transaction."""
        for events in calls:
            taught = Taught()
            # The event of its creation is one of theirs too; it takes the place of the first of ours.
            for new in events[1:]:
                fact = new.event
                assert isinstance(fact, TrainingRecorded)
                taught.trigger_event(
                    Taught.Recorded, person=fact.person, course=fact.course, status=fact.status, score=fact.score
                )
            self.application.save(taught)

    def replay(self) -> int:
        """Reads everything in its order, as events; how many those were."""
        return sum(1 for _ in self._events())

    def project(self, name: str) -> int:
        """Replays into a new table `name`, as their recorders do: the row and the place in the log in a transaction an
        event. How many events those were."""
        recorder = self.application.factory.tracking_recorder()
        assert isinstance(recorder, SQLiteTrackingRecorder | PostgresTrackingRecorder)
        recorder.create_table()
        mark = "?" if self._engine == "sqlite" else "%s"
        with recorder.datastore.transaction(commit=True) as cursor:
            cursor.execute(f"CREATE TABLE {name} (id TEXT PRIMARY KEY, person TEXT, course TEXT, status TEXT)")
        insert = f"INSERT INTO {name} VALUES ({mark}, {mark}, {mark}, {mark})"
        number = 0
        for place, event in self._events():
            with recorder.datastore.transaction(commit=True) as cursor:
                if isinstance(event, Taught.Recorded):
                    row = (f"{event.originator_id}/{event.originator_version}", str(event.person))
                    cursor.execute(insert, (*row, event.course, event.status))
                recorder._insert_tracking(cursor, Tracking(name, place))
            number += 1
        return number

    def _events(self) -> Iterator[tuple[int, DomainEventProtocol[Any]]]:
        last = 0
        while page := self.application.recorder.select_notifications(last, _PAGE, inclusive_of_start=False):
            for one in page:
                yield one.id, self.application.mapper.to_domain_event(one)
            last = page[-1].id

    def close(self) -> None:
        self.application.close()
