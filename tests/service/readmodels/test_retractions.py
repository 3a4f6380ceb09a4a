"""Which activity sets count: by number, by day of use and by day of arrival, at every position of the log."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from events.sealed import Sealed
from events.tables import ACTIVITY
from events.types.trust import FactWithdrawn
from events.types.usage import UsageRetracted
from service.readmodels.retractions import standing
from tests.service.api.office import Office

STREAM = UUID("00000000-0000-4000-8000-000000000009")
SEALED = Sealed(key=STREAM, box="closed")
MARCH = [date(2026, 3, day) for day in (1, 2, 3)]


@pytest.fixture
def told(office: Office) -> Office:
    """Sources 1 and 2 reported three days, of which the last came in two days later."""
    with office.takehold.database.write("work", office.id) as connection:
        for source in (1, 2):
            for day in MARCH:
                received = day if day < MARCH[2] else date(2026, 3, 5)
                connection.execute(
                    insert(ACTIVITY).values(
                        workspace_id=office.id, generation=1, source_id=source, feature_id=1, day=day,
                        received_day=received, accounts=b"", counts=b"", seq=1,
                    )
                )  # fmt: skip
    return office


def retract(office: Office, **what: object) -> int:
    """Records a retraction; its position."""
    values = {"source": "app", "numbers": (1,), "reason": SEALED, **what}
    with office.takehold.command(office.id, "test", "api") as unit:
        [recorded] = unit.append(STREAM, [UsageRetracted(**values)])  # type: ignore[arg-type]
    return recorded.position


def counting(office: Office, at: int | None = None) -> list[tuple[int, int]]:
    """Source and day of March of the sets that count."""
    with office.takehold.database.read() as connection:
        rows = connection.execute(
            select(ACTIVITY.c.source_id, ACTIVITY.c.day)
            .where(ACTIVITY.c.workspace_id == office.id, standing(connection, office.id, at))
            .order_by(ACTIVITY.c.source_id, ACTIVITY.c.day)
        )
        return [(source, day.day) for source, day in rows]


def test_without_a_retraction_all_count(told: Office) -> None:
    assert counting(told) == [(source, day) for source in (1, 2) for day in (1, 2, 3)]


@pytest.mark.parametrize(
    ("what", "left"),
    [
        ({}, []),
        ({"start": MARCH[1]}, [1]),
        ({"end": MARCH[1]}, [3]),
        ({"start": MARCH[1], "end": MARCH[1]}, [1, 3]),
        ({"received": date(2026, 3, 5)}, [1, 2]),
        ({"numbers": (7,)}, [1, 2, 3]),
    ],
)
def test_what_it_names_counts_no_longer_and_nothing_else(
    told: Office, what: dict[str, object], left: list[int]
) -> None:
    retract(told, **what)
    assert counting(told) == [(1, day) for day in left] + [(2, 1), (2, 2), (2, 3)]


def test_several_add_up_and_every_number_of_a_source_is_meant(told: Office) -> None:
    retract(told, start=MARCH[2])
    retract(told, numbers=(1, 2), end=MARCH[0])
    assert counting(told) == [(1, 2), (2, 2), (2, 3)]


def test_a_source_that_was_retracted_a_hundred_times_can_be_asked_about(told: Office) -> None:
    """Each retraction names every number that the source ever had, and a condition of a database has a limit."""
    for last in range(3, 103):
        retract(told, numbers=(1, *range(3, last)))
    assert counting(told) == [(2, 1), (2, 2), (2, 3)]


def test_before_it_and_after_it_was_withdrawn_all_count(told: Office) -> None:
    everything = counting(told)
    position = retract(told)
    assert counting(told, position - 1) == everything
    assert len(counting(told, position)) == 3
    [last] = [one for one in told.events() if isinstance(one.event, UsageRetracted)]
    with told.takehold.command(told.id, "test", "api") as unit:
        unit.append(STREAM, [FactWithdrawn(event_id=last.event_id, reason=SEALED)])
    assert counting(told) == everything
    assert len(counting(told, position)) == 3
