"""What came in on a day that is over is closed and sealed; observations go, and every figure and past view stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from events.activity import NAME
from events.seals import broken_seals, forgettable, stream_of_seals
from events.tables import ACTIVITY, FOLLOWER, USAGE
from events.types.usage import UsageSealed
from service.intake.store import Use, store
from service.readmodels import sources
from service.readmodels.rebuilding import rebuild
from service.verifying import verify_target
from service.worker.retain import retain
from tests.service.api.office import Office, at, house, office

__all__ = ["house", "office"]

TODAY = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)


def quiet(*_: object) -> None:
    """Tells nobody how far it is."""


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def use(office: Office, days_ago: int, *actors: str, told_days_ago: int | None = None) -> None:
    """Actors used the assistant so long ago, and that came in on the same day or later."""
    occurred = TODAY - timedelta(days=days_ago)
    received = TODAY - timedelta(days=days_ago if told_days_ago is None else told_days_ago)
    uses = [Use(f"{actor} {days_ago} {told_days_ago}", "assistant", "ask", actor, ms(occurred)) for actor in actors]
    assert all(store(office.takehold, office.id, "assistant", uses, ms(received)))


def sets(office: Office) -> list[tuple[Any, ...]]:
    """All that the live sets say."""
    live = select(FOLLOWER.c.generation).where(FOLLOWER.c.workspace_id == office.id, FOLLOWER.c.name == NAME)
    columns = [column for column in ACTIVITY.columns if column.name not in ("generation", "seq")]
    with office.takehold.database.read() as connection:
        here = ACTIVITY.c.workspace_id == office.id, ACTIVITY.c.generation == live.scalar_subquery()
        return sorted((tuple(row) for row in connection.execute(select(*columns).where(*here))), key=repr)


def observations(office: Office) -> int:
    with office.takehold.database.read() as connection:
        return connection.scalar(select(func.count()).where(USAGE.c.workspace_id == office.id)) or 0


def seals(office: Office) -> list[UsageSealed]:
    return [told.event for told in office.events() if isinstance(told.event, UsageSealed)]


def run(office: Office, now: datetime = TODAY) -> tuple[int, int]:
    return retain(office.takehold, office.workspace, now)


def test_each_day_that_is_over_is_sealed_once_and_the_running_one_never(office: Office) -> None:
    for days_ago in (3, 2, 0):
        use(office, days_ago, f"p{days_ago}")
    assert run(office) == (2, 0)
    assert run(office) == (0, 0)
    assert [one.received for one in seals(office)] == [(TODAY - timedelta(days=n)).date() for n in (3, 2)]
    with office.takehold.database.read() as connection:
        assert broken_seals(connection, office.id, seals(office)) == []


def test_a_set_that_somebody_altered_afterwards_is_found(office: Office) -> None:
    use(office, 2, "p1", "p2")
    assert run(office) == (1, 0)
    with office.takehold.database.write("work", office.id) as connection:
        connection.execute(update(ACTIVITY).where(ACTIVITY.c.workspace_id == office.id).values(counts=b"\2\0\0\0" * 2))
    with office.takehold.database.read() as connection:
        assert broken_seals(connection, office.id, seals(office)) == [(TODAY - timedelta(days=2)).date()]
    verdict = verify_target(office.takehold.database.url, workspace_id=office.id)
    assert verdict.bad_position == len(office.events())
    assert "not those that were sealed" in verdict.reason


def test_observations_past_retention_go_and_nothing_that_they_said(office: Office) -> None:
    use(office, 90, "p1", "p2")
    use(office, 50, "p1")
    use(office, 60, "p3", told_days_ago=20)
    use(office, 1, "p1")
    office.follow()
    before = sets(office)
    assert run(office) == (4, 3)
    assert observations(office) == 2, "what came in lately stays, however old it is"
    assert sets(office) == before
    assert run(office) == (0, 0)


def test_past_views_are_shown_as_before_though_the_observations_are_gone(office: Office) -> None:
    began = TODAY - timedelta(days=100)
    with at(began.isoformat()):
        office.announce(12)
        by = (TODAY + timedelta(days=30)).date().isoformat()
        features = {"features": [{"app": "assistant"}], "window_days": 7, "min_days": 1}
        office.launch(go_live=began.date().isoformat(), target={"rate": 0.8, "by": by}, adoption=features)
        office.impact("sales", members=range(1, 13))
        use(office, 95, *(f"p{n}" for n in range(1, 13)))
        # The accounts become people's here; before that nobody was known to have used anything.
        office.follow()
    for days_ago in range(94, 45, -1):
        use(office, days_ago, *(f"p{n}" for n in range(1, 13 if days_ago > 70 else 11)))
    use(office, 61, "p12", told_days_ago=50)
    office.follow()

    def shown() -> list[list[int]]:
        """Active people 66 to 56 days ago, as known 56 days ago and as known 48 days ago."""
        days = {"from": str((TODAY - timedelta(days=66)).date()), "to": str((TODAY - timedelta(days=57)).date())}
        views = ({**days, "as_of": (TODAY - timedelta(days=ago)).isoformat()} for ago in (56, 48))
        answers = [office.charlie.get("/changes/copilot/adoption", **view).get_json() for view in views]
        return [[point["active"] for point in answer["series"]] for answer in answers]

    then, later = shown()
    assert then != later, "what came in late was not known before"
    sealed, gone = run(office)
    assert sealed == 50
    assert gone > 500
    assert observations(office) == 1
    assert shown() == [then, later]


def test_the_newest_observation_stays_whatever_its_age(office: Office) -> None:
    use(office, 90, "p1", "p2")
    run(office)
    assert observations(office) == 1
    use(office, 0, "p3")
    office.follow()
    assert len(sets(office)) == 2


def test_nothing_is_deleted_before_it_is_sealed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    use(office, 90, "p1", "p2")
    use(office, 89, "p1", "p2")
    monkeypatch.setattr("service.worker.retain.to_seal", lambda *_: [])
    assert run(office) == (0, 0)
    assert observations(office) == 4
    monkeypatch.undo()
    assert run(office) == (2, 3)


@pytest.mark.parametrize("parts", [1, 50_000])
def test_rebuilt_is_live_though_the_observations_are_gone(
    office: Office, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_OBSERVATIONS", parts)
    source = sources.sources(office.workspace.zone)[NAME]
    for days_ago in (90, 60, 3, 0):
        use(office, days_ago, "p1", f"p{days_ago}")
    run(office)
    for days_ago in (2, 1, 0):
        use(office, days_ago, f"q{days_ago}", "q")
    office.follow()
    before = sets(office)
    for _ in range(2):
        rebuilt = rebuild(office.takehold.database, office.id, source, quiet)
        assert rebuilt.differing == 0
        assert sets(office) == before
    run(office)
    assert rebuild(office.takehold.database, office.id, source, quiet).differing == 0
    with office.takehold.database.read() as connection:
        assert broken_seals(connection, office.id, seals(office)) == []


def test_a_day_that_is_sealed_while_sets_are_rebuilt_is_in_both(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_OBSERVATIONS", 1)
    source = sources.sources(office.workspace.zone)[NAME]
    use(office, 5, "p1")
    run(office)
    for days_ago in (4, 3, 2):
        use(office, days_ago, f"p{days_ago}")
    office.follow()
    done: list[int] = []

    def seal(*_: object) -> None:
        done.append(1)
        if len(done) == 3:
            assert run(office)[0] == 3

    assert rebuild(office.takehold.database, office.id, source, seal).differing == 0


@pytest.mark.parametrize("check", [True, False], ids=["after a check", "after a kill"])
def test_a_rebuild_that_was_begun_before_days_were_sealed_loses_nothing_of_them(
    office: Office, check: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it copied was closed then; what was closed since is not in it, and its observations are gone.

    A restore checks every source and so leaves a rebuild begun, which the next one took up.
    """
    source = sources.sources(office.workspace.zone)[NAME]
    for days_ago in (90, 80, 3):
        use(office, days_ago, "p1", f"p{days_ago}")
    office.follow()
    before = sets(office)

    def kill(_: str, done: int, __: int) -> None:
        if done:
            raise KeyboardInterrupt

    if check:
        assert rebuild(office.takehold.database, office.id, source, quiet, check_only=True).differing == 0
    else:
        monkeypatch.setattr(sources, "_OBSERVATIONS", 1)
        with pytest.raises(KeyboardInterrupt):
            rebuild(office.takehold.database, office.id, source, kill)
    assert run(office)[0] == 3
    assert rebuild(office.takehold.database, office.id, source, quiet).differing == 0
    assert sets(office) == before
    with office.takehold.database.read() as connection:
        assert broken_seals(connection, office.id, seals(office)) == []


def test_where_nothing_is_to_be_deleted_no_batch_waits(office: Office) -> None:
    use(office, 3, "p1")
    assert run(office) == (1, 0)
    with office.takehold.database.read() as connection:
        assert forgettable(connection, office.id, office.workspace.zone, ms(TODAY) - 40 * 86_400_000) == []


def test_what_is_told_later_as_if_it_had_come_in_before_leaves_closed_days_alone(office: Office) -> None:
    use(office, 5, "p1")
    run(office)
    use(office, 6, "p2")
    use(office, 5, "p3")
    office.follow()
    with office.takehold.database.read() as connection:
        assert broken_seals(connection, office.id, seals(office)) == []
    source = sources.sources(office.workspace.zone)[NAME]
    assert rebuild(office.takehold.database, office.id, source, quiet).differing == 0


def test_open_sets_whose_observations_somebody_deleted_are_not_rebuilt(office: Office) -> None:
    use(office, 0, "p1")
    use(office, 0, "p2")
    office.follow()
    with office.takehold.database.write("usage", office.id) as connection:
        connection.execute(delete(USAGE).where(USAGE.c.workspace_id == office.id))
    source = sources.sources(office.workspace.zone)[NAME]
    with pytest.raises(sources.CannotRebuild):
        rebuild(office.takehold.database, office.id, source, quiet)


def test_seals_stand_in_a_stream_of_their_own(office: Office) -> None:
    use(office, 1, "p1")
    run(office)
    assert {told.stream for told in office.events() if isinstance(told.event, UsageSealed)} == {
        stream_of_seals(office.id)
    }
