"""Weeks in organisations become memberships of roles, over one export and over several."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from adkar.change import Change, Role
from events.types.change import MemberPlaced, Terms
from service.intake.imports.viva_members import first_access, placements, role_keys
from service.intake.imports.viva_survey import Seen
from tests.service.intake.imports.exports import SUNDAY, sunday

CHANGE, ADA = UUID(int=1), UUID(int=2)
ROLES = {"A": UUID(int=10), "B": UUID(int=11), "C": UUID(int=12)}
Stay = tuple[str, int, int | None]
"""Role, first week, and the week in which it is over."""


def after(weeks: dict[int, str], known: list[MemberPlaced] | None = None) -> list[MemberPlaced]:
    """Ada's memberships after an export of these weeks, all that earlier exports recorded being `known`."""
    seen = {sunday(number): ROLES[role] for number, role in weeks.items()}
    recorded = {one.role: one for one in known or []}
    recorded |= {one.role: one for one in placements(CHANGE, ADA, seen, None, known or [])}
    return list(recorded.values())


def weeks(first: int, last: int, role: str) -> dict[int, str]:
    return dict.fromkeys(range(first, last + 1), role)


def stays(placed: list[MemberPlaced]) -> set[Stay]:
    names = {id: name for name, id in ROLES.items()}
    number = {sunday(week): week for week in range(100)}
    return {(names[one.role], number[one.start], one.until and number[one.until]) for one in placed}


def test_a_membership_starts_in_the_first_week_in_which_somebody_is_seen() -> None:
    assert stays(after({3: "A", 1: "A", 2: "A"})) == {("A", 1, None)}


def test_whoever_moves_leaves_on_the_first_day_of_the_new_week() -> None:
    assert stays(after(weeks(0, 4, "A") | weeks(5, 8, "B"))) == {("A", 0, 5), ("B", 5, None)}


def test_weeks_without_a_row_end_nothing() -> None:
    assert stays(after({0: "A", 4: "A", 9: "B"})) == {("A", 0, 9), ("B", 9, None)}


def test_of_several_stays_in_one_role_the_last_stands() -> None:
    assert stays(after({0: "A", 1: "B", 2: "A"})) == {("B", 1, 2), ("A", 2, None)}


@pytest.mark.parametrize(
    "seen", [weeks(0, 9, "A"), {0: "A", 5: "B"}, {0: "A", 1: "B", 2: "A"}, {0: "A", 1: "B", 2: "C", 3: "B"}]
)
def test_the_same_export_again_changes_nothing(seen: dict[int, str]) -> None:
    once = after(seen)
    assert after(seen, once) == once


def test_a_later_export_keeps_when_people_came() -> None:
    assert stays(after(weeks(20, 40, "A"), after(weeks(0, 30, "A")))) == {("A", 0, None)}


def test_a_later_export_ends_what_an_earlier_one_left_open() -> None:
    assert stays(after(weeks(10, 19, "B"), after(weeks(0, 9, "A")))) == {("A", 0, 10), ("B", 10, None)}


def test_an_older_export_taken_in_afterwards_ends_nothing_that_came_later() -> None:
    assert stays(after(weeks(0, 9, "B"), after(weeks(10, 19, "A")))) == {("B", 0, 10), ("A", 10, None)}
    assert stays(after(weeks(0, 9, "A"), after(weeks(10, 19, "A")))) == {("A", 0, None)}


def test_a_membership_that_a_new_export_denies_is_cut_to_its_first_day_and_stays_so() -> None:
    rewritten = after(weeks(0, 9, "B"), after(weeks(2, 9, "A")))
    cut = next(one for one in rewritten if one.role == ROLES["A"])
    assert (cut.start, cut.until) == (sunday(2), sunday(2) + timedelta(days=1))
    assert after(weeks(0, 9, "B"), rewritten) == rewritten
    assert cut in after(weeks(5, 20, "B"), rewritten)


def test_an_export_decides_about_a_week_within_its_own_in_which_it_has_no_row() -> None:
    gap = weeks(0, 1, "B") | weeks(3, 9, "B")
    rewritten = after(gap, after(weeks(2, 9, "A")))
    assert next(one for one in rewritten if one.role == ROLES["B"]).start == sunday(0)
    assert next(one for one in rewritten if one.role == ROLES["A"]).until == sunday(2) + timedelta(days=1)


def test_whoever_left_before_access_began_had_it_at_most_on_the_last_day() -> None:
    """An access on or after the end of a membership would be refused, and with it the whole import."""
    seen = {sunday(0): ROLES["A"], sunday(1): ROLES["B"]}
    left, stayed = placements(CHANGE, ADA, seen, sunday(3), [])
    assert (left.until, left.access) == (sunday(1), sunday(1) - timedelta(days=1))
    assert (stayed.until, stayed.access) == (None, sunday(3))


def known(start: date, access: date | None, until: date | None = None) -> MemberPlaced:
    return MemberPlaced(change=CHANGE, role=ROLES["A"], person=ADA, start=start, until=until, access=access)


def seen(enabled: date | None, first: int = 0) -> Seen:
    return Seen({sunday(first): "A", sunday(first + 1): "A"}, enabled)


def test_access_begins_in_the_first_week_with_copilot_enabled() -> None:
    assert first_access(seen(sunday(1)), sunday(2), True, []) == sunday(1)


def test_people_never_enabled_have_no_access_in_any_week_of_the_export() -> None:
    """No access at all cannot be said: None means from go-live on, and would count them as people who could use it."""
    assert first_access(seen(None), sunday(2), True, []) == sunday(2)


def test_access_known_from_before_the_export_stands() -> None:
    assert first_access(seen(sunday(5), 5), sunday(7), True, [known(SUNDAY, sunday(3))]) == sunday(3)


def test_access_not_seen_in_an_earlier_export_is_learnt_from_a_later_one() -> None:
    never = first_access(seen(None), sunday(2), True, [])
    assert first_access(seen(sunday(3), 2), sunday(4), True, [known(SUNDAY, never)]) == sunday(3)


def test_an_older_export_without_access_does_not_move_a_later_access() -> None:
    assert first_access(seen(None), sunday(2), True, [known(SUNDAY, sunday(6))]) == sunday(6)


def test_an_export_that_does_not_tell_leaves_access_as_it_is() -> None:
    assert first_access(seen(None), sunday(2), False, []) is None
    assert first_access(seen(None), sunday(2), False, [known(SUNDAY, sunday(1))]) == sunday(1)


def change(**names: str) -> Change:
    """A change with these roles: key and name."""
    terms = Terms(name="Copilot", go_live=SUNDAY, zone="UTC", target_rate=0.8, target_by=sunday(26))
    roles = {key: Role(UUID(int=0), key, name, None, (), (), None) for key, name in names.items()}
    return Change(CHANGE, "copilot", terms, roles=roles)


def test_a_roles_key_is_the_slug_of_the_organisation() -> None:
    names = ["Sales EMEA", "Forschung & Entwicklung", "Größe", "x" * 80]
    assert list(role_keys(change(), names).values()) == [
        "sales-emea",
        "forschung-entwicklung",
        "grosse",
        "x" * 64,
    ]


def test_organisations_that_look_alike_stay_apart_in_this_and_every_later_export() -> None:
    keys = role_keys(change(), ["R&D", "R/D"])
    assert len(set(keys.values())) == 2
    later = change(**{key: name for name, key in keys.items()})
    assert role_keys(later, ["R/D"]) == {"R/D": keys["R/D"]}
    assert role_keys(later, ["R/D", "R&D"]) == keys


def test_an_organisation_in_another_script_has_a_key_too() -> None:
    [key] = role_keys(change(), ["営業部"]).values()
    assert key.isascii()
    assert key.isalnum()


def test_roles_that_exist_are_found_by_name_or_by_key() -> None:
    existing = change(verkauf="Sales", hr="People and culture")
    assert role_keys(existing, ["HR", "Sales"]) == {"Sales": "verkauf", "HR": "hr"}
