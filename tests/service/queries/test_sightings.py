"""Which use counts, which source is silent, and what is not held against anybody."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from events.types.change import Feature
from service.commands.changes import load_change
from service.intake.store import Use, store
from service.queries.sets import columns
from service.queries.usage import Sightings, last_reported, sightings
from service.queries.view import View, view
from tests.service.api.office import Office, at

NOW = datetime(2026, 3, 12, 12, tzinfo=UTC)  # a Thursday
GO_LIVE = date(2026, 3, 9)


def ms(day: int, hour: int = 9) -> int:
    return int(datetime(2026, 3, day, hour, tzinfo=UTC).timestamp() * 1000)


def seen(office: Office, *features: Feature) -> Sightings:
    with office.takehold.database.read() as connection:
        now = view(connection, office.workspace, now=NOW)
        column = columns(now, {office.person("p1"): 0, office.person("p2"): 1})
        return sightings(now, features or (Feature(app="copilot"),), column, GO_LIVE)


def days(found: Sightings, column: np.ndarray) -> list[int]:
    """Days of March on which something was so."""
    return [date.fromordinal(found.first_day + int(row)).day for row in np.flatnonzero(column)]


def use(office: Office, *uses: Use, source: str = "tool") -> None:
    with at("2026-03-12T12:00+00:00"):
        store(office.takehold, office.id, source, uses)
        office.follow()


@pytest.fixture
def staffed(office: Office) -> Office:
    with at("2026-03-08T12:00+00:00"):
        office.announce(2)
        office.launch(go_live="2026-03-09")
    return office


def test_use_and_success_count_and_passive_use_and_failure_do_not(staffed: Office) -> None:
    use(
        staffed,
        *(
            Use(kind, "copilot", "chat", "p1", ms(9 + n), kind=kind)
            for n, kind in enumerate(("use", "passive", "success", "failure"))
        ),
    )
    assert days(seen(staffed), seen(staffed).used[:, 0]) == [9, 11]


def test_a_change_counts_the_features_it_names(staffed: Office) -> None:
    use(
        staffed,
        Use("1", "copilot", "chat", "p1", ms(9)),
        Use("2", "copilot", "ledger", "p1", ms(10)),
        Use("3", "teapot", "chat", "p1", ms(11)),
    )
    for features, expected in (
        ((Feature(app="copilot"),), [9, 10]),
        ((Feature(app="copilot", feature="ledger"),), [10]),
        ((Feature(app="copilot", feature="ledger"), Feature(app="teapot")), [10, 11]),
        ((Feature(app="nothing"),), []),
    ):
        found = seen(staffed, *features)
        assert days(found, found.used[:, 0]) == expected


def test_people_stand_in_the_columns_they_were_asked_for_in_and_strangers_apart(staffed: Office) -> None:
    use(staffed, Use("1", "copilot", "chat", "p2", ms(9)), Use("2", "copilot", "chat", "ghost", ms(10)))
    found = seen(staffed)
    assert (days(found, found.used[:, 0]), days(found, found.used[:, 1])) == ([], [9])
    assert found.unlinked.shape[1] == 1
    assert days(found, found.unlinked[:, 0]) == [10]


def test_each_source_is_expected_on_working_days_from_its_first_word_on(staffed: Office) -> None:
    use(staffed, *(Use(str(day), "copilot", "chat", "p1", ms(day)) for day in (6, 9, 10, 11)))
    found = seen(staffed)
    # 7 and 8 March are a weekend, and the 12th is not over.
    assert (days(found, found.expected), days(found, found.silent)) == ([6, 9, 10, 11], [])
    use(staffed, Use("b", "copilot", "chat", "p2", ms(9)), source="other")
    found = seen(staffed)
    assert (days(found, found.expected), days(found, found.silent)) == ([6, 9, 10, 11], [10, 11])


def test_without_any_word_every_working_day_since_go_live_is_silent(staffed: Office) -> None:
    found = seen(staffed)
    assert days(found, found.silent) == days(found, found.expected) == [9, 10, 11]


def test_a_weekly_report_speaks_for_all_days_of_its_week(staffed: Office) -> None:
    use(staffed, Use("1", "copilot", "chat", "p1", ms(4), grain="week"))
    found = seen(staffed)
    assert found.grain == "week"
    assert days(found, found.used[:, 0]) == [4]
    assert days(found, found.silent) == [9, 10, 11]
    assert set(days(found, found.expected)) == {4, 5, 6, 9, 10, 11}


def test_the_last_reported_day_is_a_complete_one(staffed: Office) -> None:
    def last(office: Office) -> date | None:
        with office.takehold.database.read() as connection:
            now: View = view(connection, office.workspace, now=NOW)
            return last_reported(now, load_change(connection, office.id, "copilot"))

    assert last(staffed) is None
    use(staffed, Use("1", "copilot", "chat", "p1", ms(10)), Use("2", "copilot", "chat", "p1", ms(12)))
    assert last(staffed) == date(2026, 3, 10)
    use(staffed, Use("3", "copilot", "chat", "p1", ms(9), grain="week"))
    # The week is not over, but every day of it that is, was reported.
    assert last(staffed) == date(2026, 3, 11)


def test_the_last_reported_day_is_that_of_what_counts_and_was_known_then(staffed: Office) -> None:
    def last(as_of: datetime | None = None) -> date | None:
        with staffed.takehold.database.read() as connection:
            then = view(connection, staffed.workspace, as_of, now=NOW)
            return last_reported(then, load_change(connection, staffed.id, "copilot"))

    with at("2026-03-10T12:00+00:00"):
        store(staffed.takehold, staffed.id, "tool", [Use("1", "copilot", "chat", "p1", ms(9))])
    use(staffed, Use("2", "copilot", "chat", "p1", ms(11)), source="wrong")
    assert last() == date(2026, 3, 11)
    # On the 11th nobody knew of the 11th.
    assert last(datetime(2026, 3, 11, 12, tzinfo=UTC)) == date(2026, 3, 9)
    with at("2026-03-12T12:00+00:00"):
        assert staffed.alice.post("/sources/wrong/retractions", {"reason": "a test"}).status_code == 201
        staffed.follow()
    assert last() == date(2026, 3, 9)
