"""What sources report by day is set by the last file, whatever came before it, on both engines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from uuid import uuid4

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from events.activity import NAME
from events.database import Busy
from events.interning import intern_source
from events.tables import FEATURE, FOLLOWER, SOURCE, USAGE
from events.types.change import Feature
from service.commands.usage import retract, retract_import
from service.directory.tables import ACCOUNT
from service.intake.imports import aggregates
from service.intake.imports.aggregates import Aggregate, Setter
from service.intake.store import Use, store
from service.organisation import create_workspace
from service.queries import sets
from service.queries.view import view
from service.readmodels.rebuilding import rebuild
from service.readmodels.sources import sources
from service.takehold import Takehold
from service.worker.follow import caught_up
from tests.service.intake.imports.standing import Told, standing

DAY = date(2026, 3, 2)
NEXT = DAY + timedelta(days=1)
CAST = ["ada", "bob", "eve"]
_workspaces = count(1)


def told(actor: str, count: int, day: date = DAY, feature: str = "draft", kind: str = "use") -> Aggregate:
    return Aggregate("app", feature, actor, day, count, kind=kind)


def take(takehold: Takehold, *some: Aggregate, source: str = "files", workspace: str = "default") -> tuple[int, int]:
    """As an import of its own."""
    return Setter(takehold, takehold.workspace(workspace), source, uuid4()).take(some)


def rows(takehold: Takehold) -> int:
    with takehold.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(USAGE)) or 0


def values(takehold: Takehold) -> dict[tuple[str, date], int]:
    return {(actor, day): count for (_, actor, _, day), count in standing(takehold, CAST).items()}


A = (told("ada", 3), told("bob", 5), told("ada", 1, NEXT))
B = (told("ada", 7), told("bob", 0), told("ada", 1, NEXT))


def test_the_same_again_stores_nothing(takehold: Takehold) -> None:
    assert take(takehold, *A) == (3, 0)
    assert take(takehold, *A) == (0, 3)
    assert rows(takehold) == 3
    assert values(takehold) == {("ada", DAY): 3, ("bob", DAY): 5, ("ada", NEXT): 1}


def test_one_then_another_then_the_first_again_ends_with_the_first(takehold: Takehold) -> None:
    take(takehold, *A)
    before = values(takehold)
    assert take(takehold, *B) == (2, 1)
    assert values(takehold) == {("ada", DAY): 7, ("ada", NEXT): 1}
    assert take(takehold, *A) == (2, 1)
    assert values(takehold) == before
    assert take(takehold, *A) == (0, 3)


def test_what_came_on_an_earlier_day_is_replaced_and_what_a_file_does_not_tell_of_stands(takehold: Takehold) -> None:
    yesterday = int((datetime.now(UTC) - timedelta(days=1)).timestamp() * 1000)
    noon = int(datetime(2026, 3, 2, 11, tzinfo=UTC).timestamp() * 1000)
    old = [Use(actor, "app", "draft", actor, noon, 9, grain="day") for actor in ("ada", "bob")]
    assert store(takehold, "default", "files", old, yesterday) == [True, True]
    assert take(takehold, told("ada", 2), told("eve", 1)) == (2, 0)
    assert values(takehold) == {("ada", DAY): 2, ("bob", DAY): 9, ("eve", DAY): 1}
    assert take(takehold, told("ada", 2), told("bob", 9)) == (0, 2)


@st.composite
def files(draw: st.DrawFn) -> list[tuple[int, list[Aggregate]]]:
    """What some files tell, one after the other, and how many days later than the one before each comes."""
    place = st.tuples(st.sampled_from(CAST), st.sampled_from([DAY, NEXT]), st.sampled_from(["draft", "mail"]))
    file = st.dictionaries(place, st.integers(0, 3), max_size=6)
    drawn = draw(st.lists(st.tuples(st.integers(0, 2), file), min_size=1, max_size=6))
    return [(late, [told(who, n, day, name) for (who, day, name), n in some.items()]) for late, some in drawn]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told_by=files())
def test_whatever_files_come_each_value_is_that_of_the_last_file_that_told_it(
    takehold: Takehold, told_by: list[tuple[int, list[Aggregate]]]
) -> None:
    workspace = f"w{next(_workspaces)}"
    create_workspace(takehold, workspace, zone="Europe/Berlin")
    expected: Told = {}
    today = datetime(2026, 3, 10, 12, tzinfo=UTC)
    for late, some in told_by:
        today += timedelta(days=late)
        with time_machine.travel(today):
            take(takehold, *some, workspace=workspace)
            used = sum(one.count > 0 for one in some)
            assert take(takehold, *some, workspace=workspace) == (0, used)
        expected |= {("files", one.actor, one.feature, one.day): one.count for one in some}
    stands = standing(takehold, CAST, workspace)
    assert stands == {key: count for key, count in expected.items() if count}
    source = sources(takehold.workspace(workspace).zone)[NAME]
    assert rebuild(takehold.database, workspace, source, lambda *_: None).differing == 0


def test_who_never_used_it_leaves_no_trace(takehold: Takehold) -> None:
    """Neither an account nor a feature nor a source: an unknown actor is a question that somebody has to answer."""
    assert take(takehold, told("ada", 0), told("bob", 0)) == (0, 0)
    with takehold.database.read() as connection:
        for table in (ACCOUNT, FEATURE, SOURCE, USAGE):
            assert connection.scalar(select(func.count()).select_from(table)) == 0


def test_sources_kinds_and_workspaces_are_set_apart(takehold: Takehold) -> None:
    create_workspace(takehold, "harbour", zone="Europe/Berlin")
    take(takehold, told("ada", 3), told("ada", 4, kind="success"))
    take(takehold, told("ada", 8), source="others")
    take(takehold, told("ada", 6), workspace="harbour")
    assert take(takehold, told("ada", 0)) == (1, 0)
    assert standing(takehold, CAST) == {
        ("files", "ada", "draft success", DAY): 4,
        ("others", "ada", "draft", DAY): 8,
    }
    assert standing(takehold, CAST, "harbour") == {("files", "ada", "draft", DAY): 6}


def test_what_is_reported_by_day_stands_beside_single_uses_of_the_same_name(takehold: Takehold) -> None:
    noon = int(datetime(2026, 3, 2, 11, tzinfo=UTC).timestamp() * 1000)
    store(
        takehold,
        "default",
        "files",
        [Use("1", "app", "draft", "ada", noon, 2), Use("2", "app", "draft", "ada", noon, 2)],
    )
    assert take(takehold, told("ada", 4)) == (1, 0)
    assert take(takehold, told("ada", 4)) == (0, 1)


def test_a_day_is_the_workspaces_own(takehold: Takehold) -> None:
    create_workspace(takehold, "islands", zone="Pacific/Kiritimati")
    take(takehold, told("ada", 2), workspace="islands")
    assert standing(takehold, CAST, "islands") == {("files", "ada", "draft", DAY): 2}
    with takehold.database.read() as connection:
        [occurred] = connection.scalars(select(USAGE.c.occurred_ms).where(USAGE.c.workspace_id == "islands"))
    # Noon, 14 hours ahead of UTC.
    assert datetime.fromtimestamp(occurred / 1000, UTC) == datetime(2026, 3, 1, 22, tzinfo=UTC)


@pytest.fixture
def twice(takehold: Takehold, request: pytest.FixtureRequest) -> Iterator[Takehold]:
    """ada has two accounts, as at a source that an earlier version retracted; both say 5 for DAY, one 2 for NEXT."""
    assert take(takehold, told("ada", 5), told("ada", 2, NEXT), told("bob", 4)) == (3, 0)
    with takehold.command("default", "test", "api") as unit:
        retract(unit, "files", "a test", end=DAY - timedelta(days=1))
    with takehold.database.write("usage", "default") as connection:
        number = intern_source(connection, "default", "files").number
        here = ACCOUNT.c.actor_index == takehold.vault.index("default", "external", "ada")
        earlier = connection.execute(select(ACCOUNT).where(here)).one()._mapping
        connection.execute(insert(ACCOUNT).values(**{**earlier, "account_id": 100, "source_id": number}))
    # Numbers are remembered in the process.
    again = Takehold(request.getfixturevalue("settings"))
    noon = int(datetime(2026, 3, 2, 11, tzinfo=UTC).timestamp() * 1000)
    assert store(again, "default", "files", [Use("5", "app", "draft", "ada", noon, 5, grain="day")]) == [True]
    yield again
    again.close()


def counted_days(takehold: Takehold) -> dict[date, int]:
    """How often anybody used it on each day, as questions count it."""
    assert caught_up(takehold, takehold.workspace())
    found: dict[date, int] = defaultdict(int)
    with takehold.database.read() as connection:
        seen = view(connection, takehold.workspace())
        chosen = sets.counted(seen, [Feature(app="app", feature=None)])
        for one in sets.told(sets.set_rows(seen, chosen), chosen):
            found[date.fromordinal(one.day)] += int(one.counts.sum())
    return {day: count for day, count in found.items() if count}


def test_what_a_file_says_replaces_what_all_accounts_of_an_actor_say_together(twice: Takehold) -> None:
    assert counted_days(twice) == {DAY: 14, NEXT: 2}
    file = (told("ada", 5), told("ada", 2, NEXT), told("bob", 4))
    assert take(twice, *file) == (1, 2)
    assert counted_days(twice) == {DAY: 9, NEXT: 2}
    assert take(twice, *file) == (0, 3)
    assert take(twice, told("ada", 1), told("ada", 0, NEXT)) == (2, 0)
    assert counted_days(twice) == {DAY: 5}


def test_an_import_that_took_back_what_earlier_accounts_say_can_be_retracted(twice: Takehold) -> None:
    id = uuid4()
    setter = Setter(twice, twice.workspace(), "files", id)
    assert setter.take([told("ada", 0), told("ada", 0, NEXT)]) == (2, 0)
    assert counted_days(twice) == {DAY: 4}
    with twice.command("default", "test", "api") as unit:
        retract_import(unit, id, "a test")
    assert counted_days(twice) == {DAY: 14, NEXT: 2}


def test_a_single_use_that_counts_nothing_is_a_mistake(takehold: Takehold) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        store(takehold, "default", "files", [Use("1", "app", "draft", "ada", 0, 0)])
    assert rows(takehold) == 0


def test_sets_that_no_longer_fit_into_memory_are_read_again(
    takehold: Takehold, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(takehold, *A)
    monkeypatch.setattr(aggregates, "_MOST_KEPT", 0)
    setter = Setter(takehold, takehold.workspace(), "files", uuid4())
    assert [setter.take([one]) for one in (*A, *B)] == [(0, 1)] * 3 + [(1, 0), (1, 0), (0, 1)]


def test_nothing_is_compared_with_sets_that_lack_what_was_sent_before(
    takehold: Takehold, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else is folding it, and stands still."""
    if takehold.database.engine.dialect.name == "sqlite":
        pytest.skip("one writer at a time: whoever holds the checkpoint holds everything")
    monkeypatch.setattr(aggregates, "_PATIENCE_SECONDS", 0.0)
    setter = Setter(takehold, takehold.workspace(), "files", uuid4())
    setter.take(A)
    with takehold.database.write("work", "default") as connection:
        connection.execute(select(FOLLOWER).where(FOLLOWER.c.name == NAME).with_for_update())
        with pytest.raises(Busy, match="still being counted"):
            take(takehold, *B)
    assert take(takehold, *B) == (2, 1)


def test_what_is_made_anew_from_the_rows_is_what_was_set(takehold: Takehold) -> None:
    for some in (A, B, A, (told("eve", 2), told("bob", 0))):
        take(takehold, *some)
    before = values(takehold)
    source = sources(takehold.workspace().zone)[NAME]
    assert rebuild(takehold.database, "default", source, lambda *_: None).differing == 0
    assert values(takehold) == before == {("ada", DAY): 3, ("ada", NEXT): 1, ("eve", DAY): 2}
