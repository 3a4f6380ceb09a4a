"""Reading the log from its beginning, and rebuilding a read model from it, beside another library's way of both."""

from __future__ import annotations

from contextlib import closing

from benchmarks.aggregates import AGGREGATES, Aggregates
from benchmarks.append import append_each, event
from benchmarks.engines import ENGINES, Bench, Engine
from benchmarks.figures import Figure, Report, compare, paired, seconds
from events.connect import open_database
from events.database import Database
from events.followers import advance, enrol
from events.log import read
from service.readmodels.rebuilding import rebuild
from service.readmodels.sources import FromEvents
from service.readmodels.trainings import Trainings

_PER_CALL = 500


def run(bench: Bench) -> Report:
    """Both engines, over 20,000 events."""
    report = Report([], [])
    for engine in ENGINES:
        with closing(open_database(bench.fresh(engine))) as database, closing(Aggregates(bench, engine)) as theirs:
            calls = 1 if bench.quick else 30
            made = [[event(call * _PER_CALL + number) for number in range(_PER_CALL)] for call in range(calls)]
            append_each(database, made)
            theirs.save(made)
            report.figures.extend(_figures(bench, engine, database, theirs, calls * _PER_CALL))
            report.checked.append(
                f"replay, {engine}: every event read, and each rebuilt generation equal to the live one"
            )
    return report


def _figures(bench: Bench, engine: Engine, database: Database, theirs: Aggregates, total: int) -> list[Figure]:
    def replayed(_: int) -> float:
        return seconds(lambda: _all(_replay(database), total))

    def rebuilt(_: int) -> float:
        return seconds(lambda: _rebuild(database))

    def projected(number: int) -> float:
        return seconds(lambda: _all(theirs.project(f"taught_{number}"), total))

    with database.write("events", "default") as connection:
        enrol(connection, "default", [Trainings.name])
    while advance(database, "default", [Trainings()]):
        pass
    rounds = 1 if bench.quick else 3
    read_both = paired(rounds, replayed, lambda _: seconds(lambda: _all(theirs.replay(), total)))
    made_both = paired(rounds, rebuilt, projected)
    return [
        compare(f"replay, {engine}", AGGREGATES, read_both, "events/s", total),
        compare(
            f"rebuild of a read model, {engine}",
            AGGREGATES,
            made_both,
            "events/s",
            total,
            note="ours with comparison, swap and clearing away; theirs a transaction an event, as its recorders do",
        ),
    ]


def _replay(database: Database) -> int:
    last = number = 0
    while True:
        with database.read() as connection:
            found = read(connection, "default", last)
        if not found:
            return number
        last, number = found[-1].position, number + len(found)


def _all(number: int, total: int) -> None:
    assert number == total, (number, total)


def _rebuild(database: Database) -> None:
    done = rebuild(database, "default", FromEvents(Trainings()), lambda *_: None)
    assert done.differing == 0, done
