"""Activity sets equal what one would count by hand."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from events.activity import NAME, advance_activity, local_days, pack, unpack
from events.database import Database
from events.followers import enrol
from events.interning import intern_feature
from events.tables import ACTIVITY, FOLLOWER
from events.usage_log import Observation, record
from tests.events.cast import HOME, NOON_MS, until, use

HOUR_MS = 3_600_000
BERLIN = ZoneInfo("Europe/Berlin")
Key = tuple[int, int, date, date]
_workspaces = count(1)


def day_of(milliseconds: int, zone: ZoneInfo) -> date:
    """The plain way to a local day."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone(zone).date()


def counted(batches: list[tuple[int, list[Observation]]], zone: ZoneInfo) -> dict[Key, dict[int, int]]:
    """What a plain counter makes of batches of (instant of arrival, observations)."""
    sums: dict[Key, Counter[int]] = {}
    for received, batch in batches:
        for one in batch:
            occurred = received if one.occurred_ms is None else one.occurred_ms
            key = (one.source_id, one.feature_id, day_of(occurred, zone), day_of(received, zone))
            sums.setdefault(key, Counter())[one.account_id] += one.count
    return {key: dict(accounts) for key, accounts in sums.items()}


def folded(database: Database, workspace: str) -> dict[Key, dict[int, int]]:
    """The activity sets as they are stored."""
    with database.read() as connection:
        rows = connection.execute(select(ACTIVITY).where(ACTIVITY.c.workspace_id == workspace)).all()
    sets = {}
    for row in rows:
        accounts, counts = unpack(row.accounts, row.counts)
        sets[row.source_id, row.feature_id, row.day, row.received_day] = dict(
            zip(accounts.tolist(), counts.tolist(), strict=True)
        )
    return sets


def keep(database: Database, batches: list[tuple[int, list[Observation]]]) -> str:
    """Records batches in a workspace of their own; answers its id."""
    workspace = f"w{next(_workspaces)}"
    with database.write("usage", workspace) as connection:
        enrol(connection, workspace, [NAME])
        for received, batch in batches:
            record(connection, workspace, batch, received)
    return workspace


def stored(database: Database, workspace: str) -> list[tuple[Any, ...]]:
    """The stored rows themselves, but for the workspace and the generation."""
    with database.read() as connection:
        rows = connection.execute(select(ACTIVITY).where(ACTIVITY.c.workspace_id == workspace)).all()
    return sorted(tuple(row)[2:] for row in rows)


@st.composite
def days_of_use(draw: st.DrawFn) -> list[tuple[int, list[Observation]]]:
    """Several batches, some late, of a few accounts, features and sources; every item is another one."""
    items = count()
    instant = st.none() | st.integers(NOON_MS - 72 * HOUR_MS, NOON_MS + HOUR_MS)
    observation = st.builds(
        lambda source, account, feature, occurred, times: use(
            str(next(items)),
            source_id=source,
            account_id=account,
            feature_id=feature,
            occurred_ms=occurred,
            count=times,
        ),
        st.integers(1, 2),
        st.integers(1, 6) | st.integers(2**31 - 3, 2**31 - 1),
        st.integers(1, 2),
        instant,
        st.integers(1, 5),
    )
    batch = st.tuples(st.integers(NOON_MS, NOON_MS + 48 * HOUR_MS), st.lists(observation, max_size=12))
    return draw(st.lists(batch, min_size=1, max_size=4))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=days_of_use(),
    steps=st.integers(1, 7),
    zone=st.sampled_from(["Europe/Berlin", "Asia/Kathmandu", "Pacific/Kiritimati", "America/New_York"]),
)
def test_folding_gives_what_a_plain_counter_gives_in_steps_of_any_size(
    database: Database, batches: list[tuple[int, list[Observation]]], steps: int, zone: str
) -> None:
    at_once, in_steps = keep(database, batches), keep(database, batches)
    total = sum(len(batch) for _, batch in batches)
    assert advance_activity(database, at_once, ZoneInfo(zone)) == total
    while advance_activity(database, in_steps, ZoneInfo(zone), limit=steps):
        pass
    assert folded(database, at_once) == counted(batches, ZoneInfo(zone))
    assert stored(database, at_once) == stored(database, in_steps)


def test_what_was_folded_is_not_folded_again(database: Database) -> None:
    workspace = keep(database, [(NOON_MS, [use("a"), use("b", account_id=5)])])
    assert [advance_activity(database, workspace, BERLIN) for _ in range(2)] == [2, 0]
    with database.write("usage", workspace) as connection:
        record(connection, workspace, [use("a"), use("c", count=3)], NOON_MS)
    assert advance_activity(database, workspace, BERLIN) == 1
    assert list(folded(database, workspace).values()) == [{2: 4, 5: 1}]


def test_the_day_of_arrival_is_kept_apart_so_that_a_past_view_can_be_shown_again(database: Database) -> None:
    day = 24 * HOUR_MS
    workspace = keep(database, [(NOON_MS, [use("on the day")]), (NOON_MS + day, [use("a day late")])])
    advance_activity(database, workspace, BERLIN)
    noon = date(2026, 3, 2)
    assert folded(database, workspace) == {
        (1, 3, noon, noon): {2: 1},
        (1, 3, noon, noon + timedelta(days=1)): {2: 1},
    }


def test_a_set_names_the_last_seq_that_changed_it(database: Database) -> None:
    batch = [use("a", feature_id=1), use("b", feature_id=2), use("c", feature_id=1), use("d", feature_id=2)]
    workspace = keep(database, [(NOON_MS, batch)])
    advance_activity(database, workspace, BERLIN, limit=3)
    assert {row[1]: row[-1] for row in stored(database, workspace)} == {1: 3, 2: 2}
    advance_activity(database, workspace, BERLIN)
    assert {row[1]: row[-1] for row in stored(database, workspace)} == {1: 3, 2: 4}


def test_a_count_too_large_to_be_stored_stays_at_the_top(database: Database) -> None:
    top = 2**32 - 1
    workspace = keep(database, [(NOON_MS, [use("a", count=top), use("b", count=top), use("c", account_id=4)])])
    for _ in range(3):
        advance_activity(database, workspace, BERLIN, limit=1)
    assert list(folded(database, workspace).values()) == [{2: top, 4: 1}]


def reported(database: Database, batches: list[tuple[int, list[Observation]]], grain: str) -> str:
    """Like `keep`, of features 1 to 3 that are known by this grain."""
    workspace = f"w{next(_workspaces)}"
    with database.write("usage", workspace) as connection:
        enrol(connection, workspace, [NAME])
        assert [intern_feature(connection, workspace, "a", f"f{n}", grain=grain) for n in (1, 2, 3)] == [1, 2, 3]
        for received, batch in batches:
            record(connection, workspace, batch, received)
    return workspace


@pytest.mark.parametrize("grain", ["day", "week"])
def test_what_is_reported_by_day_or_week_is_set_by_the_last_one_and_may_be_lowered_to_nothing(
    database: Database, grain: str
) -> None:
    batch = [use("a", count=9), use("b", count=4, account_id=7), use("c", count=2), use("d", count=0, account_id=7)]
    workspace = reported(database, [(NOON_MS, batch)], grain)
    while advance_activity(database, workspace, BERLIN, limit=1):
        pass
    assert list(folded(database, workspace).values()) == [{2: 2, 7: 0}]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=days_of_use(), steps=st.integers(1, 7))
def test_setting_gives_the_last_value_told_in_steps_of_any_size(
    database: Database, batches: list[tuple[int, list[Observation]]], steps: int
) -> None:
    at_once, in_steps = reported(database, batches, "day"), reported(database, batches, "day")
    while advance_activity(database, at_once, BERLIN):
        pass
    while advance_activity(database, in_steps, BERLIN, limit=steps):
        pass
    last: dict[Key, dict[int, int]] = {}
    for received, batch in batches:
        for one in batch:
            occurred = received if one.occurred_ms is None else one.occurred_ms
            key = (one.source_id, one.feature_id, day_of(occurred, BERLIN), day_of(received, BERLIN))
            last.setdefault(key, {})[one.account_id] = one.count
    assert folded(database, at_once) == last
    assert stored(database, at_once) == stored(database, in_steps)


def test_workspaces_are_folded_apart_and_one_that_is_not_enrolled_is_left_alone(database: Database) -> None:
    one, other = (keep(database, [(NOON_MS, [use("a", account_id=account)])]) for account in (7, 8))
    with database.write("usage", HOME) as connection:
        record(connection, HOME, [use("a")], NOON_MS)
    assert advance_activity(database, one, BERLIN) == 1
    assert list(folded(database, one).values()) == [{7: 1}]
    assert folded(database, other) == {}
    assert advance_activity(database, HOME, BERLIN) == 0


def test_threads_that_fold_at_once_count_each_observation_once(database: Database) -> None:
    chance = random.Random(9)
    batch = [use(str(item), account_id=chance.randrange(1, 5)) for item in range(60)]
    workspace = keep(database, [(NOON_MS, batch)])

    def at_the_head() -> bool:
        with database.read() as connection:
            return connection.scalar(select(FOLLOWER.c.position).where(FOLLOWER.c.workspace_id == workspace)) == 60

    def fold(_: int) -> None:
        for _round in until(at_the_head):
            advance_activity(database, workspace, BERLIN, limit=7)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(fold, range(3)))
    assert folded(database, workspace) == counted([(NOON_MS, batch)], BERLIN)


CUTS = {
    # The last millisecond of a day and the first of the next, in offsets of half and three quarters of an hour.
    "Asia/Kolkata": [("2026-03-01T18:29:59.999Z", "2026-03-01"), ("2026-03-01T18:30:00Z", "2026-03-02")],
    "Asia/Kathmandu": [("2026-03-01T18:14:59.999Z", "2026-03-01"), ("2026-03-01T18:15:00Z", "2026-03-02")],
    # Lord Howe is 11 h ahead in summer and 10 h 30 min in winter; its clocks go back on 5 April 2026.
    "Australia/Lord_Howe": [
        ("2026-04-04T12:59:59.999Z", "2026-04-04"),
        ("2026-04-04T13:00:00Z", "2026-04-05"),
        ("2026-04-05T13:29:59.999Z", "2026-04-05"),
        ("2026-04-05T13:30:00Z", "2026-04-06"),
    ],
    # 29 March 2026 has 23 hours in Berlin, 25 October has 25.
    "Europe/Berlin": [
        ("2026-03-28T22:59:59.999Z", "2026-03-28"),
        ("2026-03-28T23:00:00Z", "2026-03-29"),
        ("2026-03-29T21:59:59.999Z", "2026-03-29"),
        ("2026-03-29T22:00:00Z", "2026-03-30"),
        ("2026-10-24T22:00:00Z", "2026-10-25"),
        ("2026-10-25T22:59:59.999Z", "2026-10-25"),
        ("2026-10-25T23:00:00Z", "2026-10-26"),
    ],
    # Clocks go forward at midnight: the day begins at one o'clock.
    "Africa/Cairo": [("2026-04-23T21:59:59.999Z", "2026-04-23"), ("2026-04-23T22:00:00Z", "2026-04-24")],
    # Clocks went back at one minute past midnight: the day began, ended after a minute, and began again.
    "America/St_Johns": [
        ("2010-11-07T02:29:59.999Z", "2010-11-06"),
        ("2010-11-07T02:30:59.999Z", "2010-11-07"),
        ("2010-11-07T02:31:00Z", "2010-11-06"),
        ("2010-11-07T03:30:00Z", "2010-11-07"),
    ],
}


@pytest.mark.parametrize("zone", CUTS)
def test_days_are_cut_where_the_local_clock_cuts_them(zone: str) -> None:
    instants = [int(datetime.fromisoformat(at).timestamp() * 1000) for at, _ in CUTS[zone]]
    days = local_days(np.array(instants, dtype=np.int64), ZoneInfo(zone))
    assert [date.fromordinal(day).isoformat() for day in days.tolist()] == [day for _, day in CUTS[zone]]


@settings(max_examples=100, deadline=None)
@given(
    zone=st.sampled_from(sorted(available_timezones())).map(ZoneInfo),
    midnights=st.lists(
        st.tuples(st.dates(date(1973, 1, 1), date(2037, 12, 31)), st.integers(-HOUR_MS, HOUR_MS)), min_size=1
    ),
)
def test_the_days_around_any_midnight_anywhere_are_those_of_the_plain_way(
    zone: ZoneInfo, midnights: list[tuple[date, int]]
) -> None:
    instants = [
        int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000) + off for day, off in midnights
    ]
    days = local_days(np.array(instants, dtype=np.int64), zone)
    assert days.tolist() == [day_of(instant, zone).toordinal() for instant in instants]


@given(counts=st.dictionaries(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)))
def test_a_set_is_unpacked_as_it_was_packed(counts: dict[int, int]) -> None:
    accounts = np.array(sorted(counts), dtype=np.int64)
    packed = pack(accounts, np.array([counts[one] for one in sorted(counts)], dtype=np.int64))
    members, sums = unpack(*packed)
    assert dict(zip(members.tolist(), sums.tolist(), strict=True)) == counts
