"""A group below the minimum shows no figure, whoever asks and however; at the minimum it shows them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.api.office import House, Office, at

NOW = "2026-04-01T12:00+02:00"
# What says nothing about anybody: the question's own terms.
HARMLESS = {"day", "status", "plan"}


def crowd(house: House, members: int, minimum_group: int = 10) -> Office:
    """A role of some people who all used the tool and all answered."""
    office = house.office(minimum_group)
    with at("2026-03-20T10:00+01:00"):
        office.expect("2026-03-30")
        office.announce(members)
        office.launch()
        office.impact("sales", members=range(1, members + 1))
    uses = [
        {"id": f"{day} {n}", "app": "copilot", "feature": "chat", "actor": f"p{n}", "occurred_at": f"{day}T09:00:00Z"}
        for day in ("2026-03-30", "2026-03-31")
        for n in range(1, members + 1)
    ]
    with at(NOW):
        assert office.caller("app").post("/usage", {"events": uses}).get_json()["stored"] == 2 * members
        for n in range(1, members + 1):
            body = {"person": f"p{n}", "scores": {"awareness": 2}, "method": "x", "occurred_at": "2026-03-31T09:00:00Z"}
            assert office.bob.post("/changes/copilot/assessments", body).status_code == 201
        office.follow()
    return office


@pytest.fixture(scope="module")
def nine(house: House) -> Office:
    return crowd(house, 9)


@pytest.fixture(scope="module")
def ten(house: House) -> Office:
    return crowd(house, 10)


def ask(office: Office, who: str, path: str, **query: Any) -> Any:
    with at(NOW):
        answer = office.caller(who).get(f"/changes/copilot/{path}", **query)
    assert answer.status_code == 200
    return answer.get_json()


def numbers(value: Any, path: str = "") -> dict[str, Any]:
    """Every number in an answer, by its path."""
    if isinstance(value, dict):
        return {k: v for name, item in value.items() for k, v in numbers(item, f"{path}.{name}").items()}
    if isinstance(value, list):
        return {k: v for index, item in enumerate(value) for k, v in numbers(item, f"{path}.{index}").items()}
    return {path: value} if isinstance(value, int | float) and not isinstance(value, bool) else {}


@pytest.mark.parametrize("query", [{"role": "sales"}, {}, {"window": 1}], ids=["role", "change", "window"])
@pytest.mark.parametrize("role", ["admin", "champion", "manager", "sponsor", "viewer"])
def test_nine_people_show_no_figure_of_adoption(nine: Office, role: str, query: dict[str, Any]) -> None:
    series = ask(nine, role, "adoption", **query)["series"]
    shown = [{name: value for name, value in point.items() if name not in HARMLESS} for point in series]
    assert len(shown) == 90
    assert numbers(shown) == {}
    assert {point["status"] for point in series} == {"suppressed"}


@pytest.mark.parametrize("path", ["lifecycle", "retention", "funnel", "segments", "speed", "training"])
def test_nine_people_show_no_figure_of_their_use(nine: Office, path: str) -> None:
    for query in ({"role": "sales"}, {}, {"explain": "true"}):
        found = numbers(ask(nine, "viewer", path, **query))
        # How many weeks or days a question is about, and which definition and events it rests on.
        said = {name for name in found if name.rpartition(".")[2] not in ("weeks", "days", "window_days", "min_days")}
        assert said <= {
            ".definition.version",
            ".explain.definition_version",
            ".explain.minimum_group",
            ".explain.events.first",
            ".explain.events.last",
        }


def test_ten_people_show_their_figures(ten: Office) -> None:
    for query in ({"role": "sales"}, {}):
        point = ask(ten, "viewer", "adoption", **query)["series"][-1]
        assert (point["eligible"], point["adopted"], point["rate"], point["status"]) == (10, 10, 1, "known")


def test_nine_answers_show_no_figure_of_adkar(nine: Office) -> None:
    assert numbers(ask(nine, "viewer", "adkar")) == {}


def test_ten_answers_show_their_figures(ten: Office) -> None:
    role = ask(ten, "viewer", "adkar")["roles"][0]
    assert (role["n"], role["barriers"]["awareness"]) == (10, 10)


def test_nine_of_many_who_answered_are_too_few_as_well(house: House) -> None:
    office = house.office()
    office.announce(12)
    office.launch()
    office.impact("sales", members=range(1, 13))
    with at(NOW):
        for n in range(1, 10):
            body = {"person": f"p{n}", "scores": {"awareness": 2}, "method": "x", "occurred_at": "2026-03-31T09:00:00Z"}
            assert office.bob.post("/changes/copilot/assessments", body).status_code == 201
    assert numbers(ask(office, "champion", "adkar")) == {}


def test_the_workspaces_own_minimum_decides(house: House) -> None:
    office = crowd(house, 5, minimum_group=5)
    assert ask(office, "viewer", "adoption")["series"][-1]["adopted"] == 5
    assert ask(office, "viewer", "adkar")["roles"][0]["n"] == 5


def test_a_few_newcomers_in_a_large_role_hide_what_is_computed_from_their_use(house: House) -> None:
    """Eleven members of whom nine have been there for a whole window: the head count stays, their use does not."""
    office = crowd(house, 11)
    with at(NOW):
        for n in (10, 11):
            office.place(f"p{n}", **{"from": "2026-03-28"})
    point = ask(office, "viewer", "adoption")["series"][-1]
    assert (point["eligible"], point["mature"], point["status"]) == (11, 9, "suppressed")
    assert [point[name] for name in ("active", "adopted", "rate", "low", "high", "active_rate")] == [None] * 6
