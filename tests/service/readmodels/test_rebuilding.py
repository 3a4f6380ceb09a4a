"""A generation is made beside the one that serves, compared with it, and takes its place, whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update

from events.activity import NAME as ACTIVITY_NAME
from events.database import Busy
from events.followers import Overtaken, Step, advance, move, start_again
from events.tables import ACTIVITY, FOLLOWER, REBUILD, USAGE
from service.readmodels import rebuilding, sources
from service.readmodels.changes import Changes, change_ids
from service.readmodels.generations import differing
from service.readmodels.members import Members
from service.readmodels.rebuilding import rebuild
from service.readmodels.registry import READMODELS
from service.readmodels.sources import CannotRebuild, FromEvents, FromUsage, Source, StillBroken
from tests.service.api.office import House, Office
from tests.service.readmodels.history import CHANGE, OTHER, tell

NAMES = [*(model.name for model in READMODELS), ACTIVITY_NAME]
MEMBERS = FromEvents(Members())


class Killed(BaseException):
    """Stands for the end of the process."""


def quiet(*_: object) -> None:
    """Tells nobody how far it is."""


def source_of(office: Office, name: str) -> Source:
    return sources.sources(office.workspace.zone)[name]


def source_last(office: Office, source: Source) -> int:
    with office.takehold.database.read() as connection:
        return source.last(connection, office.id)


def use(office: Office, number: int = 40) -> None:
    """Observations by several people on several days."""
    items = [
        {
            "id": f"{office.id}-{n}",
            "app": "copilot",
            "feature": f"f{n % 3}",
            "actor": f"p{n % 7}",
            "occurred_at": (datetime.now(UTC) - timedelta(days=n % 4)).isoformat(),
        }
        for n in range(number)
    ]
    assert office.caller("app").post("/usage", {"events": items}).get_json()["stored"] == number


@pytest.fixture(scope="module")
def told(house: House) -> Office:
    """Shared: every test leaves it with the rows that the logs tell of."""
    office = house.office()
    tell(office)
    use(office)
    office.follow()
    return office


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four events or eleven observations in a step."""
    monkeypatch.setattr(sources, "_EVENTS", 4)
    monkeypatch.setattr(sources, "_OBSERVATIONS", 11)


def rows(office: Office, source: Source) -> list[Any]:
    """Every row of every generation, but for the number of the generation."""
    with office.takehold.database.read() as connection:
        return sorted(
            (
                tuple(value for name, value in row._mapping.items() if name != "generation")
                for table in source.tables
                for row in connection.execute(select(table).where(table.c.workspace_id == office.id))
            ),
            key=repr,
        )


def checkpoint(office: Office, name: str) -> Any:
    with office.takehold.database.read() as connection:
        return connection.execute(
            select(FOLLOWER).where(FOLLOWER.c.workspace_id == office.id, FOLLOWER.c.name == name)
        ).one()


def under_way(office: Office, name: str) -> Any:
    with office.takehold.database.read() as connection:
        return connection.execute(
            select(REBUILD).where(REBUILD.c.workspace_id == office.id, REBUILD.c.name == name)
        ).first()


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("name", NAMES)
def test_what_is_made_anew_is_what_served_and_serves_now(told: Office, name: str) -> None:
    source = source_of(told, name)
    before, live = rows(told, source), checkpoint(told, name)
    assert before
    rebuilt = rebuild(told.takehold.database, told.id, source, quiet)
    assert (rebuilt.position, rebuilt.differing) == (live.position, 0)
    assert checkpoint(told, name).generation == live.generation + 1
    assert checkpoint(told, name).position == live.position
    assert rows(told, source) == before
    assert under_way(told, name) is None


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("name", ["changes", ACTIVITY_NAME])
def test_a_check_changes_nothing(told: Office, name: str) -> None:
    source = source_of(told, name)
    before, live = rows(told, source), checkpoint(told, name)
    for _ in range(2):
        assert rebuild(told.takehold.database, told.id, source, quiet, check_only=True).differing == 0
    assert checkpoint(told, name) == live
    assert rows(told, source) == before


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("name", ["members", ACTIVITY_NAME])
def test_killed_after_any_step_it_goes_on_where_it_stood(told: Office, name: str) -> None:
    source = source_of(told, name)
    before, live, seen = rows(told, source), checkpoint(told, name), []

    def kill(_: str, done: int, __: int) -> None:
        if done > (seen[-1] if seen else -1):
            seen.append(done)
            raise Killed

    while True:
        try:
            rebuilt = rebuild(told.takehold.database, told.id, source, kill)
        except Killed:
            assert under_way(told, name).position == seen[-1]
            assert checkpoint(told, name) == live
        else:
            assert rebuilt.differing == 0
            break
    assert len(seen) > 3
    assert seen[0] == 0
    assert rows(told, source) == before
    assert checkpoint(told, name).generation > live.generation


def test_it_answers_and_takes_events_while_it_is_made_anew(told: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is recorded meanwhile is in both generations at the end."""
    monkeypatch.setattr(sources, "_EVENTS", 4)
    asked: list[int] = []

    def ask(_: str, done: int, __: int) -> None:
        with told.takehold.database.read() as connection:
            assert list(change_ids(connection, told.id))[:2] == [CHANGE, OTHER]
        if len(asked) < 3:
            told.launch(f"meanwhile-{len(asked)}")
        asked.append(done)

    rebuilt = rebuild(told.takehold.database, told.id, FromEvents(Changes()), ask)
    assert rebuilt.differing == 0
    with told.takehold.database.read() as connection:
        assert len(change_ids(connection, told.id)) == 5


@pytest.mark.parametrize("name", ["changes", ACTIVITY_NAME])
def test_nobody_waits_while_generations_are_compared(told: Office, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long log that takes seconds, and on SQLite there is one writer at a time."""
    source, compared = source_of(told, name), []

    def compare(*asked: Any) -> int:
        with told.takehold.database.write("work", told.id, patience=0) as connection:
            # What the live generation has seen since is in the new one too when it takes its place.
            checkpoint = FOLLOWER.c.workspace_id == told.id, FOLLOWER.c.name == name
            assert connection.execute(update(FOLLOWER).where(*checkpoint).values(moved_at=datetime.now(UTC))).rowcount
        told.launch(f"while-{name}-is-compared")
        compared.append(differing(*asked))
        return compared[-1]

    monkeypatch.setattr(rebuilding, "differing", compare)
    assert rebuild(told.takehold.database, told.id, source, quiet).differing == 0
    assert compared == [0]
    assert checkpoint(told, name).position == source_last(told, source)


def test_where_no_snapshot_catches_both_at_one_place_they_are_compared_while_all_wait(
    told: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "_compare", lambda *_: None)
    assert rebuild(told.takehold.database, told.id, MEMBERS, quiet).differing == 0


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("name", ["members", ACTIVITY_NAME])
def test_two_that_rebuild_at_once_do_the_work_once(told: Office, name: str) -> None:
    source = source_of(told, name)
    before = rows(told, source)

    def once(_: int) -> object:
        try:
            return rebuild(told.takehold.database, told.id, source, quiet).differing
        except Overtaken as overtaken:
            return overtaken

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(once, range(2)))
    assert all(end == 0 or isinstance(end, Overtaken) for end in ends)
    assert 0 in ends
    assert rows(told, source) == before


@pytest.mark.parametrize("name", ["members", ACTIVITY_NAME])
def test_a_row_that_somebody_spoilt_is_found_counted_and_replaced(told: Office, name: str) -> None:
    source = source_of(told, name)
    before = rows(told, source)
    table = source.tables[0]
    spoilt = {"members": {"since_position": table.c.since_position + 1000}} if name == "members" else {}
    with told.takehold.database.write("work", told.id) as connection:
        one = connection.execute(select(table).where(table.c.workspace_id == told.id).limit(1)).one()
        here = [column == one._mapping[column.name] for column in table.primary_key.columns]
        values = spoilt.get(name) or {"counts": b"\0" * len(one.counts)}
        assert connection.execute(update(table).where(*here).values(values)).rowcount == 1
    assert rows(told, source) != before
    assert rebuild(told.takehold.database, told.id, source, quiet, check_only=True).differing == 2
    assert rows(told, source) != before
    assert rebuild(told.takehold.database, told.id, source, quiet).differing == 2
    assert rows(told, source) == before


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Changes breaks at every launch, until the one who asked calls what it got."""
    whole = Changes.apply

    def broken(self: Changes, step: Step) -> None:
        if step.recorded.event.wire == "change.launched":
            raise ZeroDivisionError
        whole(self, step)

    monkeypatch.setattr(Changes, "apply", broken)
    return lambda: monkeypatch.setattr(Changes, "apply", whole)


def test_what_an_event_stopped_serves_again_once_the_program_is_mended(
    house: House, poison: Callable[[], None]
) -> None:
    told = house.office()
    tell(told)
    source = FromEvents(Changes())
    assert checkpoint(told, "changes").stopped
    with pytest.raises(
        StillBroken, match=r"changes: ZeroDivisionError at position 2, an event of type change\.launched"
    ):
        rebuild(told.takehold.database, told.id, source, quiet)
    assert checkpoint(told, "changes").stopped
    poison()
    rebuilt = rebuild(told.takehold.database, told.id, source, quiet)
    assert rebuilt.differing is None
    assert checkpoint(told, "changes").stopped is None
    assert checkpoint(told, "changes").position == told.events()[-1].position
    told.launch("afterwards")
    with told.takehold.database.read() as connection:
        assert len(change_ids(connection, told.id)) == 3


def test_what_was_written_before_an_event_broke_it_is_written_again(
    told: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mended program may read the events before it differently; half of a generation would be of the old one."""
    monkeypatch.setattr(sources, "_EVENTS", 1)
    whole, source = Members.apply, MEMBERS
    before = rows(told, source)

    def broken(self: Members, step: Step) -> None:
        if step.recorded.position > 15:
            raise ZeroDivisionError
        whole(self, step)
        step.connection.execute(
            update(source.tables[0]).where(source.tables[0].c.generation == step.generation).values(withdrawn=True)
        )

    monkeypatch.setattr(Members, "apply", broken)
    with pytest.raises(StillBroken):
        rebuild(told.takehold.database, told.id, source, quiet)
    monkeypatch.setattr(Members, "apply", whole)
    assert rows(told, source) == before
    assert rebuild(told.takehold.database, told.id, source, quiet).differing == 0
    assert rows(told, source) == before


def test_what_another_version_began_is_begun_anew(told: Office) -> None:
    source = FromEvents(Changes())
    with told.takehold.database.write("work", told.id) as connection:
        values = {"workspace_id": told.id, "name": "changes", "position": 20, "epoch": 3}
        connection.execute(delete(REBUILD).where(REBUILD.c.workspace_id == told.id))
        live = checkpoint(told, "changes")
        begun = {"generation": live.generation + 1, "started_at": live.moved_at, "app_version": "0.0.1"}
        connection.execute(insert(REBUILD).values(**values, **begun))
    assert rebuild(told.takehold.database, told.id, source, quiet).differing == 0


def test_a_follower_that_read_the_checkpoint_before_the_swap_does_not_move_it(told: Office) -> None:
    """It would tell the new generation of events that it applied to the old one."""
    seen = checkpoint(told, "changes")
    rebuild(told.takehold.database, told.id, FromEvents(Changes()), quiet)
    with pytest.raises(Overtaken), told.takehold.database.write("work", told.id) as connection:
        move(connection, seen, seen.position + 1, 0)


def test_one_that_is_ahead_of_its_log_is_made_from_what_there_is(told: Office) -> None:
    before = rows(told, MEMBERS)
    with told.takehold.database.write("work", told.id) as connection:
        here = FOLLOWER.c.workspace_id == told.id, FOLLOWER.c.name == "members"
        connection.execute(update(FOLLOWER).where(*here).values(position=10_000))
    assert rebuild(told.takehold.database, told.id, MEMBERS, quiet).differing is None
    assert checkpoint(told, "members").position == told.events()[-1].position
    assert rows(told, MEMBERS) == before


def test_another_workspace_is_left_alone(house: House, told: Office) -> None:
    other = house.office()
    other.launch()
    use(other)
    other.follow()
    names = ["changes", ACTIVITY_NAME]
    before = [rows(told, source_of(told, name)) for name in names]
    for name in names:
        rebuild(other.takehold.database, other.id, source_of(other, name), quiet)
    assert [rows(told, source_of(told, name)) for name in names] == before


def test_sets_whose_observations_are_gone_are_not_made_anew(office: Office) -> None:
    """They would be lost: nothing else knows them."""
    told = office
    use(told)
    told.follow()
    source = FromUsage(told.workspace.zone)
    before = rows(told, source)
    with told.takehold.database.write("work", told.id) as connection:
        last = connection.scalar(select(func.max(USAGE.c.seq)).where(USAGE.c.workspace_id == told.id))
        connection.execute(delete(USAGE).where(USAGE.c.workspace_id == told.id, USAGE.c.seq < last))
    with pytest.raises(CannotRebuild, match=f"observations before number {last} are no longer kept"):
        rebuild(told.takehold.database, told.id, source, quiet)
    assert rows(told, source) == before


def test_a_busy_store_is_no_broken_event(told: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise Busy

    monkeypatch.setattr(rebuilding, "_move", busy)
    with pytest.raises(Busy):
        rebuild(told.takehold.database, told.id, MEMBERS, quiet)
    monkeypatch.undo()
    assert rebuild(told.takehold.database, told.id, MEMBERS, quiet).differing == 0


def test_a_stopped_one_can_try_its_event_again_without_being_made_anew(
    house: House, poison: Callable[[], None]
) -> None:
    told = house.office()
    tell(told)
    poison()
    with told.takehold.database.write("work", told.id) as connection:
        start_again(connection)
    while advance(told.takehold.database, told.id, READMODELS):
        pass
    assert rebuild(told.takehold.database, told.id, FromEvents(Changes()), quiet).differing == 0


def test_no_set_of_an_old_generation_is_left(told: Office) -> None:
    rebuild(told.takehold.database, told.id, FromUsage(told.workspace.zone), quiet)
    with told.takehold.database.read() as connection:
        found = connection.scalars(select(ACTIVITY.c.generation).where(ACTIVITY.c.workspace_id == told.id)).all()
    assert set(found) == {checkpoint(told, ACTIVITY_NAME).generation}
