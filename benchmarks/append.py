"""Appending events with positions, versions and hash chain, beside rows that are merely inserted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid5

from sqlalchemy import select

from benchmarks.engines import ENGINES, Bench, Engine
from benchmarks.figures import Figure, Report, compare, paired, seconds
from benchmarks.peers import Insert, each, executemany
from events.appending import append
from events.catalog import encode
from events.connect import open_database
from events.database import Database
from events.envelope import NewEvent, Who, new_id
from events.log import first_broken_link, head
from events.tables import EVENT
from events.types.training import TrainingRecorded

PER_CALL = (1, 100)
_WHO = Who(actor="system", via="api")
_SPACE = UUID("5f6b0a4e-0d3c-4f8c-9c57-3d2f7a1f0b11")
_COLUMNS = [column.name for column in EVENT.columns]


def run(bench: Bench) -> Report:
    """Both engines, one event a call and a hundred."""
    report = Report([], [])
    for engine in ENGINES:
        database = open_database(bench.fresh(engine))
        try:
            total = 0
            with executemany(engine, bench.fresh(engine), EVENT) as insert:
                for per_call in PER_CALL:
                    figure, appended = _measure(bench, engine, database, insert, per_call)
                    report.figures.append(figure)
                    total += appended
            report.checked.append(_chained(database, engine, total))
        finally:
            database.close()
    return report


def _measure(bench: Bench, engine: Engine, database: Database, insert: Insert, per_call: int) -> tuple[Figure, int]:
    rounds = 1 if bench.quick else 6
    calls = (5 if bench.quick else 300) if per_call == 1 else (2 if bench.quick else 30)
    made = [[_event(call * per_call + number) for number in range(per_call)] for call in range(calls)]
    rows = iter(
        [[_row(engine, call, per_call, position) for position in range(per_call)] for call in range(calls * rounds)]
    )

    def ours(_: int) -> float:
        return seconds(lambda: _append_each(database, made))

    def theirs(_: int) -> float:
        some = [next(rows) for _ in range(calls)]
        return seconds(lambda: each(insert, some))

    pairs = paired(rounds, ours, theirs)
    name = f"event append, {engine}, {per_call} per call"
    return compare(name, "executemany", pairs, "events/s", calls * per_call), calls * per_call * rounds


def _append_each(database: Database, calls: Sequence[Sequence[NewEvent]]) -> None:
    for events in calls:
        with database.write("events", "default") as connection:
            append(connection, "default", events, _WHO)


def _event(number: int) -> NewEvent:
    person = uuid5(_SPACE, str(number))
    step = TrainingRecorded(person=person, course="assistant-basics", status="completed", score=0.8)
    return NewEvent(stream=person, event=step, occurred_at=datetime(2026, 3, 2, 9, tzinfo=UTC))


def _row(engine: Engine, call: int, per_call: int, number: int) -> tuple[object, ...]:
    """A row as long as one of ours; the position is made unique by what kind of call it belongs to."""
    instant, stream, plain = datetime(2026, 3, 2, 9, tzinfo=UTC), uuid5(_SPACE, f"{per_call}/{call}"), _event(number)
    values: dict[str, object] = {
        "workspace_id": "default",
        "position": per_call * 1_000_000 + call * per_call + number,
        "stream": stream,
        "stream_version": number + 1,
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
