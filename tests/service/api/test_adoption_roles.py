"""Every role side by side: what each of them answers alone, in one answer."""

from __future__ import annotations

from datetime import date

import pytest

from service.api.adoption import PointSchema
from tests.service.api import spring
from tests.service.api.office import House, Office, at
from tests.service.api.springtime import ask, csv, refused, told

MARCH = {"from": "2026-03-20", "to": "2026-03-31"}


@pytest.fixture(scope="module")
def several(house: House) -> Office:
    """Besides the sellers ten coaches, by a definition of their own, and two clerks, who are too few."""
    office = told(house)
    with at(spring.TODAY):
        office.announce(24)
        one_day = {"features": [{"app": "copilot"}], "window_days": 14, "min_days": 1}
        office.impact("coaches", members=range(13, 23), adoption=one_day)
        office.impact("clerks", members=(23, 24))
        office.follow()
    return office


def test_each_role_answers_what_it_answers_alone(several: Office) -> None:
    for more in ({}, {"window": "3"}, {"as_of": "2026-03-28T10:00:00Z"}, {"cohort": "2026-03"}):
        query = MARCH | more
        whole = ask(several, "adoption/roles", **query)
        roles = ["sales"] if "as_of" in more else ["sales", "coaches", "clerks"]
        assert [one["role"] for one in whole["roles"]] == roles
        for one in whole["roles"]:
            alone = ask(several, "adoption", role=one["role"], **query)
            assert one == {"role": one["role"], **{name: alone[name] for name in ("definition", "grain", "series")}}
            assert (whole["zone"], whole["as_of_effective"]) == (alone["zone"], alone["as_of_effective"])


def test_a_role_of_too_few_shows_no_figure_beside_those_that_do(several: Office) -> None:
    by_role = {one["role"]: one["series"][-1] for one in ask(several, "adoption/roles", **MARCH)["roles"]}
    assert (by_role["sales"]["status"], by_role["sales"]["adopted"]) == ("known", 4)
    clerks = by_role["clerks"]
    assert clerks["status"] == "suppressed"
    assert {clerks[name] for name in ("eligible", "active", "adopted", "rate", "dau", "wau", "mau")} == {None}


def test_a_table_has_a_line_a_role_and_day(several: Office) -> None:
    header, *lines = csv(several, "adoption/roles", **MARCH)
    assert header[:2] == ["role", "day"]
    assert [line[:2] for line in lines[::12]] == [[role, "2026-03-20"] for role in ("sales", "coaches", "clerks")]
    assert len(lines) == 3 * 12


def test_one_role_or_an_explanation_is_not_asked_for_here(several: Office) -> None:
    assert refused(several, "adoption/roles", role="sales") == "role"
    assert refused(several, "adoption/roles", explain="true") == "explain"
    assert refused(several, "adoption/roles", window="0") == "window"


def test_what_goes_out_unlooked_at_is_what_the_schema_promises(several: Office) -> None:
    """Points are written as they are made, since looking at each figure took longer than counting it."""
    answer = ask(several, "adoption/roles", **MARCH)
    points = [point for one in answer["roles"] for point in one["series"]]
    read = PointSchema(many=True).load(points)
    assert PointSchema(many=True).dump(read) == points
    assert {type(point["day"]) for point in read} == {date}


def test_a_feature_is_told_of_where_it_counts(house: House) -> None:
    """A role that counts another app has no use of this one to tell of, and nought would be wrong."""
    office = told(house)
    with at(spring.TODAY):
        office.impact("coaches", adoption={"features": [{"app": "teapot"}]})
    for feature, roles in (("copilot", ["sales"]), ("teapot", ["coaches"])):
        answer = ask(office, "adoption/roles", feature=feature, **MARCH)
        assert [one["role"] for one in answer["roles"]] == roles
        alone = ask(office, "adoption", role=roles[0], feature=feature, **MARCH)
        assert answer["roles"][0]["series"] == alone["series"]
    assert refused(office, "adoption/roles", feature="spoon") == "feature"
