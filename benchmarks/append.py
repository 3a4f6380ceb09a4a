"""Appending events with positions, versions and hash chain, beside rows that are merely inserted and beside events of
another library's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from itertools import count
from uuid import UUID, uuid5

from sqlalchemy import select

from benchmarks.aggregates import AGGREGATES, Aggregates
from benchmarks.engines import ENGINES, Bench, Engine
from benchmarks.figures import Report, compare, paired, seconds
from benchmarks.floors import Insert, copy, each, executemany
from events.appending import append
from events.catalog import encode
from events.connect import open_database
from events.database import Database
from events.envelope import NewEvent, Who, new_id
from events.log import first_broken_link, head
from events.tables import EVENT
from events.types.training import TrainingRecorded

PER_CALL = (1, 100, 500)
BUDGET = {"sqlite": 1 / 2.5, "postgres": 1 / 4}
"""At 100 a call, next to `eventsourcing` in its fastest shape."""
Calls = Sequence[Sequence[NewEvent]]
"""The events of each transaction."""

_WHO = Who(actor="system", via="api")
_SPACE = UUID("5f6b0a4e-0d3c-4f8c-9c57-3d2f7a1f0b11")
_COLUMNS = [column.name for column in EVENT.columns]


def run(bench: Bench) -> Report:
    """Both engines; one event a call, a hundred, and five hundred."""
    report = Report([], [])
    for engine in ENGINES:
        database = open_database(bench.fresh(engine))
        try:
            total = 0
            with _peers(bench, engine) as peers:
                for per_call in PER_CALL:
                    calls = max(2, min(300, 3000 // per_call)) if not bench.quick else 2
                    rounds = 1 if bench.quick else 6
                    made = [[event(call * per_call + number) for number in range(per_call)] for call in range(calls)]
                    for peer, save in peers.items():
                        pairs = paired(rounds, lambda _: _ours(database, made), lambda _: save(made))  # noqa: B023
                        budget = BUDGET[engine] if (peer, per_call) == (AGGREGATES, 100) else None
                        name = f"event append, {engine}, {per_call} per call"
                        report.figures.append(compare(name, peer, pairs, "events/s", calls * per_call, budget))
                        total += calls * per_call * rounds
            report.checked.append(_chained(database, engine, total))
        finally:
            database.close()
    return report


@contextmanager
def _peers(bench: Bench, engine: Engine) -> Iterator[dict[str, Callable[[Calls], float]]]:
    """Seconds that each takes for some calls."""
    with ExitStack() as opened:
        plain = {"executemany": opened.enter_context(executemany(engine, bench.fresh(engine), EVENT))}
        if engine == "postgres":
            plain["COPY binary"] = opened.enter_context(copy(bench.fresh(engine), EVENT))
        aggregates = opened.enter_context(closing(Aggregates(bench, engine)))
        yield {
            **{name: _inserting(engine, insert) for name, insert in plain.items()},
            AGGREGATES: lambda calls: seconds(lambda: aggregates.save(calls)),
        }


def _inserting(engine: Engine, insert: Insert) -> Callable[[Calls], float]:
    position = count(1)

    def save(calls: Calls) -> float:
        rows = [[_row(engine, next(position), new) for new in events] for events in calls]
        return seconds(lambda: each(insert, rows))

    return save


def _ours(database: Database, calls: Calls) -> float:
    return seconds(lambda: append_each(database, calls))


def append_each(database: Database, calls: Calls) -> None:
    """A transaction a call."""
    for events in calls:
        with database.write("events", "default") as connection:
            append(connection, "default", events, _WHO)


def event(number: int) -> NewEvent:
    """A training of the person of that number."""
    person = uuid5(_SPACE, str(number))
    step = TrainingRecorded(person=person, course="assistant-basics", status="completed", score=0.8)
    return NewEvent(stream=person, event=step, occurred_at=datetime(2026, 3, 2, 9, tzinfo=UTC))


def _row(engine: Engine, position: int, plain: NewEvent) -> tuple[object, ...]:
    """A row as long as one of ours, in a stream of its own."""
    instant = datetime(2026, 3, 2, 9, tzinfo=UTC)
    values: dict[str, object] = {
        "workspace_id": "default",
        "position": position,
        "stream": uuid5(_SPACE, f"row {position}"),
        "stream_version": 1,
        "event_id": new_id(),
        "type": plain.event.wire,
        "schema_version": plain.event.version,
        "data": encode(plain.event),
        "actor": "system",
        "via": "api",
        "import_id": None,
        "app_version": "0.1.0",
        "correlation": None,
        "causation": None,
        "occurred_at": instant,
        "recorded_at": instant,
        "hash": "0" * 64,
    }
    if engine == "sqlite":
        values = {name: _sqlite_value(value) for name, value in values.items()}
    return tuple(values[name] for name in _COLUMNS)


def _sqlite_value(value: object) -> object:
    match value:
        case UUID():
            return value.hex
        case datetime():
            return value.isoformat(" ")
        case _:
            return value


def _chained(database: Database, engine: Engine, total: int) -> str:
    """Raises AssertionError unless every event stands in the log and its chain holds."""
    with database.read() as connection:
        position = head(connection, "default")[0]
        rows = connection.execute(select(EVENT).order_by(EVENT.c.position)).all()
    assert position == len(rows) == total, (position, len(rows), total)
    assert first_broken_link(rows) is None
    return f"append, {engine}: {total:,} events stand in a chain that holds"
