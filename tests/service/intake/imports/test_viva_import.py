"""A person query taken in: the change, its roles, people, memberships and observations, on both engines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from adkar.change import Change
from events.log import head, read
from events.tables import FEATURE, SOURCE, USAGE
from events.types.change import Feature, MemberPlaced
from service.commands.changes import impact_role, launch_change, load_change, place_member
from service.directory.people import find
from service.intake.imports.files import NotAnExport
from service.intake.imports.viva import open_export
from service.intake.imports.viva_import import Imported, import_export
from service.takehold import Takehold
from service.worker.follow import follow
from tests.service.conftest import Caller
from tests.service.intake.imports.exports import drawn, row, sunday, write
from tests.service.intake.imports.standing import standing

LATER = date(2025, 1, 1)
MOST = {"Total_Copilot_active_days": 3, "Copilot_actions_taken_in_Teams": 7, "Days_of_active_Copilot_usage_in_Teams": 2}


def silent(what: str, done: int, total: int | None) -> None: ...


def take(
    takehold: Takehold, folder: Path, rows: Sequence[Mapping[str, object]], key: str = "copilot", target: float = 0.8
) -> Imported:
    with open_export(write(folder / "query.csv", rows)) as export:
        return import_export(takehold, "default", export, key, target, silent, LATER)


def kept(takehold: Takehold) -> tuple[int, int]:
    """How many events and observations there are."""
    with takehold.database.read() as connection:
        return head(connection, "default")[0], connection.scalar(select(func.count()).select_from(USAGE)) or 0


def change_in(takehold: Takehold, key: str = "copilot") -> Change:
    with takehold.database.read() as connection:
        return load_change(connection, "default", key)


def members(takehold: Takehold) -> dict[tuple[str, str], MemberPlaced]:
    """The newest word on each membership, by role and PersonId."""
    change = change_in(takehold)
    keys = {role.id: role.key for role in change.roles.values()}
    with takehold.database.read() as connection:
        people = find(connection, takehold.vault, "default", ["ada", "bob", "charlie"], "viva")
        names = {id: name for name, id in people.items()}
        told = read(connection, "default", limit=10_000, types=[MemberPlaced.wire])
    placed = [one.event for one in told if isinstance(one.event, MemberPlaced)]
    return {(keys[one.role], names[one.person]): one for one in placed if one.person in names}


def test_an_export_becomes_a_change_with_roles_people_members_and_observations(
    takehold: Takehold, tmp_path: Path
) -> None:
    rows = [row(name, sunday(week), org, **MOST) for week in (1, 0) for name, org in (("ada", "IT"), ("bob", "HR"))]
    done = take(takehold, tmp_path, rows, target=0.6)
    # Two of the launch, a role each, a registration and a membership each.
    assert done == Imported(done.id, "copilot", 4, 2, 2, 8, 20, 0, 0, [])
    change = change_in(takehold)
    assert (change.terms.name, change.terms.go_live) == ("Microsoft 365 Copilot", sunday(0))
    assert (change.terms.target_rate, change.terms.target_by) == (0.6, sunday(26))
    counted = change.definition(None)
    assert (counted.features, counted.window_days, counted.min_days) == (
        (Feature(app="copilot", feature="total"),),
        28,
        4,
    )
    assert {role.key: role.name for role in change.roles.values()} == {"hr": "HR", "it": "IT"}
    assert {key: (one.start, one.until, one.access) for key, one in members(takehold).items()} == {
        ("it", "ada"): (sunday(0), None, sunday(0)),
        ("hr", "bob"): (sunday(0), None, sunday(0)),
    }
    with takehold.database.read() as connection:
        assert find(connection, takehold.vault, "default", ["ada", "bob"], "default") == {}
        stored = connection.execute(
            select(SOURCE.c.name, FEATURE.c.name, FEATURE.c.grain, func.count(), func.sum(USAGE.c.count))
            .select_from(USAGE)
            .join(SOURCE, SOURCE.c.source_id == USAGE.c.source_id)
            .join(FEATURE, FEATURE.c.feature_id == USAGE.c.feature_id)
            .group_by(SOURCE.c.name, FEATURE.c.name, FEATURE.c.grain)
        ).all()
    assert {tuple(one) for one in stored} == {("viva", "total", "week", 12, 28), ("viva", "teams", "week", 8, 28)}


def test_the_same_export_again_adds_no_event_and_no_observation(takehold: Takehold, tmp_path: Path) -> None:
    rows = drawn(people=20, weeks=6)
    # Somebody moves, somebody else moves and comes back.
    rows[20]["Organization"] = rows[21]["Organization"] = "Elsewhere"
    rows += [row("ada", sunday(week), "HR" if week < 3 else "IT", Total_Copilot_enabled_days=0) for week in range(6)]
    first = take(takehold, tmp_path, rows)
    before = kept(takehold)
    assert before == (first.events, first.stored)
    again = take(takehold, tmp_path, rows)
    assert (again.events, again.stored, again.duplicates) == (0, 0, first.stored)
    assert kept(takehold) == before


def test_a_longer_export_adds_what_is_new_and_moves_whoever_moved(takehold: Takehold, tmp_path: Path) -> None:
    take(takehold, tmp_path, [row("ada", sunday(week), "IT", **MOST) for week in range(3)])
    done = take(
        takehold, tmp_path, [row("ada", sunday(week), "HR" if week == 3 else "IT", **MOST) for week in (1, 2, 3)]
    )
    # A role, the end of a membership, the beginning of another.
    assert (done.events, done.stored, done.duplicates) == (3, 5, 10)
    assert {key: (one.start, one.until) for key, one in members(takehold).items()} == {
        ("it", "ada"): (sunday(0), sunday(3)),
        ("hr", "ada"): (sunday(3), None),
    }


def test_a_change_and_roles_that_exist_are_kept_as_they_are(takehold: Takehold, tmp_path: Path) -> None:
    with takehold.command("default", "system", "api") as unit:
        terms = {"key": "pilot", "name": "Our pilot", "go_live": date(2024, 1, 8)}
        goal = {"target": {"rate": 0.3, "by": date(2024, 12, 1)}, "adoption": {"features": [{"app": "copilot"}]}}
        launch_change(unit, {**terms, **goal})
        impact_role(unit, "pilot", {"key": "it", "name": "Information technology", "courses": ["basics"]})
    before = change_in(takehold, "pilot")
    done = take(takehold, tmp_path, [row("ada", sunday(0), "IT"), row("bob", sunday(0), "HR")], key="pilot")
    assert (done.change, done.roles, done.events) == ("pilot", 2, 5)
    after = change_in(takehold, "pilot")
    assert (after.terms, after.adoption, after.roles["it"]) == (before.terms, before.adoption, before.roles["it"])
    assert list(after.roles) == ["it", "hr"]


def test_memberships_that_people_recorded_in_other_roles_are_not_touched(takehold: Takehold, tmp_path: Path) -> None:
    take(takehold, tmp_path, [row("ada", sunday(0), "IT")])
    with takehold.command("default", "system", "api") as unit:
        early = impact_role(unit, "copilot", {"key": "early-adopters", "name": "Early adopters"})
        pilot = load_change(unit.connection, "default", "copilot")
        ada = find(unit.connection, unit.vault, "default", ["ada"], "viva")["ada"]
        place_member(unit, pilot, early, ada, date(2024, 1, 1), None, None)
    before = members(takehold)
    assert take(takehold, tmp_path, [row("ada", sunday(week), "IT") for week in range(3)]).events == 0
    assert members(takehold) == before


def test_who_was_never_enabled_counts_as_impacted_and_not_as_able_to_use_it(takehold: Takehold, tmp_path: Path) -> None:
    rows = [row("ada", sunday(week), Total_Copilot_enabled_days=0) for week in range(9)]
    rows += [row("bob", sunday(week), Total_Copilot_enabled_days=int(week >= 2)) for week in range(9)]
    take(takehold, tmp_path, rows)
    assert {name: one.access for (_, name), one in members(takehold).items()} == {"ada": sunday(9), "bob": sunday(2)}


def test_rows_that_cannot_be_used_are_left_out_and_told_of_twenty_at_most(takehold: Takehold, tmp_path: Path) -> None:
    good = [row("ada", sunday(0), **MOST), row("bob", sunday(0), **MOST)]
    bad = [row("charlie", sunday(0), **{**MOST, "Total_Copilot_active_days": 9}) for _ in range(25)]
    done = take(takehold, tmp_path, [good[0], *bad, good[1]])
    assert (done.rows, done.left_out, done.people, done.stored) == (27, 25, 2, 10)
    assert [(one.line, one.column) for one in done.problems] == [
        (line, "Total_Copilot_active_days") for line in range(3, 23)
    ]


def test_of_two_rows_for_one_week_of_a_person_the_first_stands(takehold: Takehold, tmp_path: Path) -> None:
    """Both taken in, they would put the person into two organisations, and add up their days."""
    twice = row("ada", sunday(0), "HR", Total_Copilot_active_days=7)
    done = take(takehold, tmp_path, [row("ada", sunday(0), "IT", **MOST), twice])
    assert (done.left_out, done.roles, done.stored) == (1, 1, 5)
    assert [(one.line, one.column) for one in done.problems] == [(3, "MetricDate")]


def test_an_export_without_one_usable_row_stores_nothing_and_says_what_is_wrong(
    takehold: Takehold, tmp_path: Path
) -> None:
    with pytest.raises(NotAnExport, match=r"no row that can be used; line 2: Organization is empty\."):
        take(takehold, tmp_path, [row("ada", sunday(0), "")])
    with pytest.raises(NotAnExport, match=r"no row that can be used\."):
        take(takehold, tmp_path, [])
    assert kept(takehold) == (0, 0)


def test_a_file_that_is_spoilt_at_its_end_stores_nothing(takehold: Takehold, tmp_path: Path) -> None:
    path = write(tmp_path / "query.csv", drawn(people=20, weeks=20))
    path.write_bytes(path.read_bytes() + b"\xff")
    with open_export(path) as export, pytest.raises(NotAnExport):
        import_export(takehold, "default", export, "copilot", 0.8, silent, LATER)
    assert kept(takehold) == (0, 0)


def test_a_run_that_was_broken_off_is_completed_by_another(takehold: Takehold, tmp_path: Path) -> None:
    rows = drawn(people=30, weeks=12)
    with open_export(write(tmp_path / "query.csv", rows)) as export, pytest.raises(KeyboardInterrupt):
        import_export(takehold, "default", export, "copilot", 0.8, broken_off, LATER)
    _, half = kept(takehold)
    done = take(takehold, tmp_path, rows)
    assert (done.events, done.duplicates) == (0, half)
    assert half > 0
    assert done.stored > 0


def broken_off(what: str, done: int, total: int | None) -> None:
    if what == "rows stored":
        raise KeyboardInterrupt


def test_progress_reaches_the_last_row_and_the_last_person(takehold: Takehold, tmp_path: Path) -> None:
    told: dict[str, tuple[int, int | None]] = {}
    with open_export(write(tmp_path / "query.csv", drawn(people=12, weeks=3))) as export:
        import_export(
            takehold,
            "default",
            export,
            "copilot",
            0.8,
            lambda what, done, total: told.__setitem__(what, (done, total)),
            LATER,
        )
    assert told == {"rows checked": (36, 36), "people": (12, 12), "rows stored": (36, 36)}


def test_what_an_export_tells_is_adoption_through_the_api(takehold: Takehold, alice: Caller, tmp_path: Path) -> None:
    """Ten people use it on three days of each of four weeks, two never do."""
    people = [(f"p{number}", 3 if number < 10 else 0) for number in range(12)]
    rows = [row(name, sunday(week), Total_Copilot_active_days=days) for week in range(4) for name, days in people]
    take(takehold, tmp_path, rows)
    follow(takehold, takehold.workspace())
    saturday = (sunday(4) - timedelta(days=1)).isoformat()
    answer = alice.get("/changes/copilot/adoption", **{"role": "sales", "from": saturday, "to": saturday}).get_json()
    [day] = answer["series"]
    assert Counter({name: day[name] for name in ("eligible", "mature", "adopted")}) == {
        "eligible": 12,
        "mature": 12,
        "adopted": 10,
    }


def use_by_feature(takehold: Takehold) -> dict[tuple[str, str], list[int]]:
    """Days and counts that stand, by person and feature."""
    found: dict[tuple[str, str], list[int]] = {}
    for (_, actor, feature, _), count in sorted(standing(takehold, ["ada", "bob"]).items()):
        found.setdefault((actor, feature), []).append(count)
    return found


def test_a_corrected_export_replaces_days_and_actions_and_the_first_one_again_brings_them_back(
    takehold: Takehold, tmp_path: Path
) -> None:
    nothing = dict.fromkeys(MOST, 0)
    first = [row("ada", sunday(0), **MOST), row("bob", sunday(0), **MOST)]
    corrected = [row("ada", sunday(0), **{**MOST, "Total_Copilot_active_days": 2}), row("bob", sunday(0), **nothing)]
    take(takehold, tmp_path, first)
    before = use_by_feature(takehold)
    assert before == {(name, f): c for name in ("ada", "bob") for f, c in (("total", [3, 2, 2]), ("teams", [4, 3]))}
    done = take(takehold, tmp_path, corrected)
    # Of ada's seven actions two days have four and three; bob's five days are taken back.
    assert (done.stored, done.duplicates) == (8, 2)
    assert use_by_feature(takehold) == {("ada", "total"): [4, 3], ("ada", "teams"): [4, 3]}
    assert take(takehold, tmp_path, corrected).stored == 0
    assert take(takehold, tmp_path, first).stored == 8
    assert use_by_feature(takehold) == before


def test_of_weeks_that_share_a_day_the_first_stands(takehold: Takehold, tmp_path: Path) -> None:
    rows = [row("ada", sunday(0), **MOST), row("ada", sunday(0) + timedelta(days=6), **MOST)]
    done = take(takehold, tmp_path, rows)
    assert [(one.line, one.column) for one in done.problems] == [(3, "MetricDate")]
    assert take(takehold, tmp_path, rows).stored == 0
