"""What is retracted while an import runs: nothing that it still brings is lost, and nothing counts twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlalchemy import select

from events.tables import SOURCE
from service.commands.usage import retract, retract_import
from service.commands.withdrawal import withdraw
from service.intake.imports import usage_import
from service.intake.imports.aggregates import Aggregate
from service.intake.imports.files import LeftOut
from service.intake.imports.usage_import import Imported, Row, import_usage
from service.intake.store import Use
from service.queries.imports import imports_of_usage
from service.takehold import Takehold
from service.worker.follow import caught_up
from tests.service.intake.imports.standing import standing

DAY = date(2026, 3, 2)
NOON = int(datetime(2026, 3, 2, 11, tzinfo=UTC).timestamp() * 1000)
CAST = [f"p{n}" for n in range(6)]
USES = [Use(f"i{n}", "app", "draft", actor, NOON) for n, actor in enumerate(CAST)]
VALUES = [Aggregate("app", "mail", actor, DAY, 3) for actor in CAST]


class File:
    """Somebody does something between two of its rows, when it is read to be stored."""

    name = "file"

    def __init__(self, told: Sequence[Aggregate | Use], before: int, meanwhile: Callable[[], object]) -> None:
        self._told, self._before, self._meanwhile = told, before, meanwhile
        self._judged = False

    def rows(self, today: date, known: Sequence[tuple[str, str]] = ()) -> Iterator[Row | LeftOut]:
        for line, one in enumerate(self._told):
            if self._judged and line == self._before:
                self._meanwhile()
            yield Row(line + 1, [one])
        self._judged = True


@pytest.fixture(autouse=True)
def two_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_import, "_AT_ONCE", 2)


def take(
    takehold: Takehold,
    told: Sequence[Aggregate | Use],
    meanwhile: Callable[[], object] = lambda: None,
    source: str = "files",
) -> Imported:
    """Imports a file; something is done when four of its rows were read, and two of them stored."""
    return import_usage(takehold, "default", source, File(told, 3, meanwhile), lambda *_: None)


def command(takehold: Takehold, what: Callable[..., UUID], *words: object) -> UUID:
    with takehold.command("default", "test", "api") as unit:
        return what(unit, *words)


def undo(takehold: Takehold, event: UUID) -> None:
    with takehold.command("default", "test", "api") as unit:
        withdraw(unit, event, "not so")


def running(takehold: Takehold) -> UUID:
    """The last import that brought anything."""
    with takehold.database.read() as connection:
        return imports_of_usage(connection, "default")[-1].id


def counting(takehold: Takehold) -> dict[str, int]:
    """How often each used anything, of what counts."""
    assert caught_up(takehold, takehold.workspace())
    return {actor: n for (_, actor, _, _), n in standing(takehold, CAST, retracted=True).items()}


def test_what_an_import_brings_after_its_source_was_retracted_counts_and_the_rest_can_come_again(
    takehold: Takehold,
) -> None:
    done = take(takehold, USES, lambda: command(takehold, retract, "files", "a test"))
    assert done.stored == 6
    assert counting(takehold) == dict.fromkeys(CAST[2:], 1)
    again = take(takehold, USES)
    assert (again.stored, again.duplicates) == (2, 4)
    assert counting(takehold) == dict.fromkeys(CAST, 1)


def test_values_that_an_import_repeats_of_what_was_retracted_meanwhile_are_set_anew(takehold: Takehold) -> None:
    take(takehold, VALUES)
    done = take(takehold, VALUES, lambda: command(takehold, retract, "files", "a test"))
    assert (done.stored, done.duplicates) == (4, 2)
    assert counting(takehold) == dict.fromkeys(CAST[2:], 3)


def test_all_that_such_an_import_brought_is_one_share_with_one_place_in_the_list(takehold: Takehold) -> None:
    done = take(takehold, USES, lambda: command(takehold, retract, "files", "a test"))
    with takehold.database.read() as connection:
        rows = connection.execute(select(SOURCE.c.source_id).where(SOURCE.c.import_id == done.id)).all()
    assert len(rows) == 2
    event = command(takehold, retract_import, done.id, "a test")
    assert command(takehold, retract_import, done.id, "a test") == event
    assert counting(takehold) == {}
    with takehold.database.read() as connection:
        [listed] = imports_of_usage(connection, "default")
    assert (listed.id, listed.source, listed.retracted_by[-1]) == (done.id, "files", event)
    assert take(takehold, USES).stored == 6
    assert counting(takehold) == dict.fromkeys(CAST, 1)


def test_an_import_that_was_retracted_and_then_its_source_brings_nothing_more_that_counts(takehold: Takehold) -> None:
    def both() -> None:
        command(takehold, retract_import, running(takehold), "a test")
        command(takehold, retract, "files", "a test")

    take(takehold, USES, both)
    assert counting(takehold) == {}
    assert take(takehold, USES).stored == 6
    assert counting(takehold) == dict.fromkeys(CAST, 1)


def test_an_import_that_is_retracted_while_it_runs_makes_no_room_for_what_it_repeats_of_itself(
    takehold: Takehold,
) -> None:
    """Both would count once the retraction is undone."""
    events = []
    repeating = [one for one in USES[:4] for _ in range(2)]
    done = take(takehold, repeating, lambda: events.append(command(takehold, retract_import, running(takehold), "x")))
    assert (done.stored, done.duplicates) == (4, 4)
    assert counting(takehold) == {}
    undo(takehold, events[0])
    assert counting(takehold) == dict.fromkeys(CAST[:4], 1)
