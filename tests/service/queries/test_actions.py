"""How often who used what: what adds up, what is set anew, and what is one feature under several numbers."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import numpy as np
import pytest

from adkar.actions import Actions
from events.types.change import Feature
from service.intake.store import Use, store
from service.queries.actions import actions
from service.queries.sets import columns
from service.queries.usage import sightings
from service.queries.view import view
from tests.service.api.office import Office, at

NOW = datetime(2026, 3, 12, 12, tzinfo=UTC)
APP = Feature(app="copilot")


def ms(day: int, hour: int = 9) -> int:
    return int(datetime(2026, 3, day, hour, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def staffed(office: Office) -> Office:
    with at("2026-03-08T12:00+00:00"):
        office.announce(2)
        office.launch(go_live="2026-03-09")
    return office


def use(office: Office, received: int, *uses: Use, source: str = "tool") -> None:
    store(office.takehold, office.id, source, uses, ms(received, 10))
    with at("2026-03-12T12:00+00:00"):
        office.follow()


def counted(office: Office, only: Feature | None = None) -> Actions:
    with office.takehold.database.read() as connection:
        now = view(connection, office.workspace, now=NOW)
        return actions(now, (APP,), columns(now, {office.person("p1"): 0, office.person("p2"): 1}), only)


def by_day(found: Actions, person: int = 0) -> dict[int, int]:
    """Day of March -> actions of a person."""
    told: Counter[int] = Counter()
    for day, who, count in zip(found.day.tolist(), found.person.tolist(), found.count.tolist(), strict=True):
        if who == person:
            told[date.fromordinal(day).day] += count
    return dict(told)


def test_single_uses_add_up_whenever_they_come_in(staffed: Office) -> None:
    use(staffed, 9, Use("1", "copilot", "chat", "p1", ms(9), 2), Use("2", "copilot", "chat", "p1", ms(9, 8), 3))
    use(staffed, 11, Use("3", "copilot", "chat", "p1", ms(9), 4))
    assert by_day(counted(staffed)) == {9: 9}


@pytest.mark.parametrize("grain", ["day", "week"])
def test_what_a_source_reports_by_day_or_week_is_what_it_said_last(staffed: Office, grain: str) -> None:
    use(staffed, 10, *(Use(f"{p} 1", "copilot", "chat", p, ms(9), 7, grain=grain) for p in ("p1", "p2")))
    use(staffed, 11, Use("p1 2", "copilot", "chat", "p1", ms(9), 3, grain=grain))
    assert (by_day(counted(staffed)), by_day(counted(staffed), 1)) == ({9: 3}, {9: 7})
    use(staffed, 12, Use("p1 3", "copilot", "chat", "p1", ms(9), 0, grain=grain))
    assert (by_day(counted(staffed)), by_day(counted(staffed), 1)) == ({}, {9: 7})


def test_a_value_of_nought_is_no_use_and_yet_a_report(staffed: Office) -> None:
    use(staffed, 10, Use("1", "copilot", "chat", "p1", ms(9), 5, grain="day"))
    use(staffed, 11, *(Use(f"0 {day}", "copilot", "chat", "p1", ms(day), 0, grain="day") for day in (9, 10, 11)))
    with staffed.takehold.database.read() as connection:
        now = view(connection, staffed.workspace, now=NOW)
        found = sightings(now, (APP,), columns(now, {staffed.person("p1"): 0}), date(2026, 3, 9))
    assert not found.used.any()
    assert found.unlinked.shape[1] == 0
    assert (np.count_nonzero(found.expected), np.count_nonzero(found.silent)) == (3, 0)


def test_two_accounts_of_one_person_add_up(staffed: Office) -> None:
    for source in ("tool", "default"):
        use(staffed, 9, Use("1", "copilot", "chat", "p1", ms(9), 2), source=source)
    assert by_day(counted(staffed)) == {9: 4}


def test_one_feature_told_in_two_ways_is_one_feature(staffed: Office) -> None:
    ways = [("use", "instant"), ("success", "instant"), ("use", "day")]
    use(staffed, 9, *(Use(f"{n}", "copilot", "chat", "p1", ms(9), kind=k, grain=g) for n, (k, g) in enumerate(ways)))
    found = counted(staffed)
    assert (found.breadths(), int(found.count.sum())) == (1, 3)
    use(staffed, 9, Use("draft", "copilot", "draft", "p1", ms(9)))
    assert counted(staffed).breadths() == 2


def test_people_nobody_asked_for_and_features_that_do_not_count_are_left_out(staffed: Office) -> None:
    use(
        staffed,
        9,
        Use("1", "copilot", "chat", "ghost", ms(9)),
        Use("2", "teapot", "chat", "p1", ms(9)),
        Use("3", "copilot", "chat", "p1", ms(9), kind="passive"),
    )
    assert len(counted(staffed).day) == 0
    use(staffed, 9, Use("4", "copilot", "draft", "p1", ms(9), 5), Use("5", "copilot", "chat", "p1", ms(9), 6))
    assert by_day(counted(staffed, Feature(app="copilot", feature="draft"))) == {9: 5}
