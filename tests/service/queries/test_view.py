"""What one question sees: a prefix of the log, and the running day of the workspace's own zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from service.queries.view import view
from tests.service.api.office import Office, at


@pytest.mark.parametrize(
    ("now", "today"),
    [
        ("2026-03-10T22:59:59+00:00", date(2026, 3, 10)),
        ("2026-03-10T23:00:00+00:00", date(2026, 3, 11)),
        # Summer time has begun: midnight comes an hour earlier in UTC.
        ("2026-03-29T21:59:59+00:00", date(2026, 3, 29)),
        ("2026-03-29T22:00:00+00:00", date(2026, 3, 30)),
    ],
)
def test_the_running_day_is_the_workspaces_own(office: Office, now: str, today: date) -> None:
    with office.takehold.database.read() as connection:
        seen = view(connection, office.workspace, now=datetime.fromisoformat(now))
    assert (seen.at, seen.today, seen.yesterday) == (None, today, today - timedelta(days=1))


def test_a_past_instant_sees_what_was_recorded_by_then(office: Office) -> None:
    for hour in (9, 10):
        with at(f"2026-03-10T{hour:02}:00+00:00"):
            office.launch(f"at-{hour}")
    with office.takehold.database.read() as connection:
        positions = [
            view(connection, office.workspace, datetime(2026, 3, 10, hour, minute, tzinfo=UTC)).at
            for hour, minute in ((8, 59), (9, 0), (9, 59), (10, 0), (11, 0))
        ]
    assert positions == [0, 2, 2, 4, 4]


@pytest.mark.parametrize("instant", ["2026-03-28T23:00:00+00:00", "2026-03-29T12:00:00+00:00"])
def test_at_any_instant_of_a_day_retractions_are_known_that_were_recorded_on_it(office: Office, instant: str) -> None:
    """As use is; the day is the workspace's own, and the 29th has 23 hours."""
    for moment in ("2026-03-28T23:00:00", "2026-03-29T21:59:59.999999", "2026-03-29T22:00:00"):
        with at(f"{moment}+00:00"):
            office.launch(f"at-{moment[8:13].lower().replace('t', '-')}-{len(moment)}")
    with office.takehold.database.read() as connection:
        seen = view(connection, office.workspace, datetime.fromisoformat(instant))
    assert (seen.at, seen.at_midnight) == (2, 4)


def test_an_instant_ahead_is_seen_as_now(office: Office) -> None:
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    with office.takehold.database.read() as connection:
        seen = view(connection, office.workspace, now + timedelta(hours=23), now)
    assert seen.today == date(2026, 3, 10)
