"""Whatever is wrong with a request, the answer is one problem document that names the field, and nothing is stored.

The envelope is RFC 9457's type, title, status and detail, with `code` and `message` beside, and `errors` of `field` and
`message` where fields are at fault.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from adkar.change import change_id, role_id
from events.types.change import MemberPlaced
from events.types.reinforcement import ReminderRaised
from service.intake.store import Use, store
from tests.service.api.corpus import ASSESSMENT, MEMBER, NOW, POISON, WRITES, Poison
from tests.service.api.faults import FIELDS
from tests.service.api.office import House, at


class Desk:
    """An office with a change, a person in its one role, and a reminder, and what it stored before any bad request."""

    def __init__(self, house: House) -> None:
        self.office = house.office()
        with at("2026-03-10T09:00+00:00"):
            self.office.announce(1)
            self.office.launch()
            self.office.impact("sales", members=[1])
            self.membership = self.office.events(MemberPlaced)[0].event_id
            self.reminder = uuid4()
            change = change_id(self.office.id, "copilot")
            raised = ReminderRaised(
                reminder=self.reminder,
                change=change,
                role=role_id(change, "sales"),
                rule="below_plan",
                cause="test",
                audience="manager",
                subject=None,
                recipient=self.office.person("p1"),
                facts={},
                due=datetime(2026, 3, 10, tzinfo=UTC),
            )
            self.office.record(self.reminder, raised)
            # A source and an import that there is something to retract of.
            self.imported = uuid4()
            for id, imported in (("first", None), ("second", self.imported)):
                use = Use(id, "copilot", "chat", "p1", None)
                assert store(self.office.takehold, self.office.id, "assistant", [use], import_id=imported) == [True]
        self.before = self.office.stored()

    def send(self, route: str, **body: Any) -> TestResponse:
        method, path, _ = WRITES[route]
        path = (
            path.replace("R/", f"{self.reminder}/")
            .replace("E/", f"{self.membership}/")
            .replace("I/", f"{self.imported}/")
        )
        with at(NOW):
            return self.office.alice._call(method, path, **body)

    def refused(self, answer: TestResponse, status: int) -> Any:
        """The problem that an answer states, after nothing was stored."""
        assert answer.status_code == status, answer.text
        assert answer.content_type == "application/problem+json"
        problem = answer.get_json()
        names = {"type", "title", "status", "detail", "code", "message"}
        assert names <= problem.keys() <= names | {"errors"}
        assert (problem["status"], problem["detail"]) == (status, problem["message"])
        assert problem["message"]
        assert self.office.stored() == self.before
        return problem


@pytest.fixture(scope="module")
def desk(house: House) -> Desk:
    return Desk(house)


def test_every_route_that_writes_is_tried(desk: Desk) -> None:
    rules = desk.office.house.app.url_map.iter_rules()
    writing = {
        rule.rule.removeprefix("/api/v1")
        for rule in rules
        if rule.rule.startswith("/api/v1") and (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
    }
    assert writing == WRITES.keys()
    # The batches' items are judged one by one: test_people, test_records and test_usage.
    assert {route for route, _, _ in FIELDS} == WRITES.keys() - {"/people"}


@pytest.mark.parametrize("poison", POISON, ids=[poison.name for poison in POISON])
@pytest.mark.parametrize("route", WRITES)
def test_a_poisoned_body_is_refused_by_every_route(desk: Desk, route: str, poison: Poison) -> None:
    answer = desk.send(route, data=poison.body(WRITES[route][2]), headers=dict(poison.headers))
    problem = desk.refused(answer, poison.status)
    assert problem["code"] == poison.code
    if poison.field:
        prefix = "0." if route == "/people" else ""
        assert [error["field"] for error in problem["errors"]] == [prefix + poison.field]


@pytest.mark.parametrize(("route", "field", "body"), FIELDS, ids=[f"{r} {f}" for r, f, _ in FIELDS])
def test_a_field_that_is_wrong_is_named(desk: Desk, route: str, field: str, body: Any) -> None:
    problem = desk.refused(desk.send(route, json=body), 422)
    assert [error["field"] for error in problem["errors"]] == [field]
    assert field in problem["message"] or problem["code"].startswith("unknown_")


def test_an_unknown_field_is_refused_by_every_route_that_takes_one_object(desk: Desk) -> None:
    for route, (_, _, good) in WRITES.items():
        if isinstance(good, dict):
            problem = desk.refused(desk.send(route, json=good | {"colour": "red"}), 422)
            assert [error["field"] for error in problem["errors"]] == ["colour"], route


def test_all_that_is_wrong_is_said_at_once(desk: Desk) -> None:
    body = ASSESSMENT | {"scores": {"awareness": 9, "desire": "x"}, "method": "", "colour": "red"}
    problem = desk.refused(desk.send("/changes/<change>/assessments", json=body), 422)
    named = {error["field"] for error in problem["errors"]}
    assert named == {"scores.awareness", "scores.desire", "method", "colour"}


def test_a_refusal_is_never_longer_than_what_caused_it(desk: Desk) -> None:
    body = {"x" * 100_000: 1, **{f"field {n}": 1 for n in range(5000)}}
    answer = desk.send("/usage", json={"x" * 100_000: 1})
    desk.refused(answer, 422)
    assert len(answer.data) < 10_000
    answer = desk.send("/changes", json=body)
    desk.refused(answer, 422)
    assert len(answer.data) < 20_000


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/changes/nothing", None, "unknown_change"),
        ("PATCH", "/changes/nothing", {}, "unknown_change"),
        ("GET", "/changes/nothing/adoption", None, "unknown_change"),
        ("GET", "/changes/nothing/funnel", None, "unknown_change"),
        ("GET", "/changes/nothing/adkar", None, "unknown_change"),
        ("GET", "/changes/nothing/reminders", None, "unknown_change"),
        ("POST", "/changes/nothing/roles", {"key": "a", "name": "A"}, "unknown_change"),
        ("POST", "/changes/nothing/assessments", ASSESSMENT, "unknown_change"),
        ("PUT", "/changes/nothing/roles/sales/members/p1", MEMBER, "unknown_change"),
        ("PUT", "/changes/copilot/roles/nothing/members/p1", MEMBER, "unknown_role"),
        ("PUT", "/changes/copilot/roles/sales/members/nobody", MEMBER, "unknown_person"),
        ("POST", f"/reminders/{UUID(int=7)}/note", {"text": "x"}, "unknown_reminder"),
        ("POST", "/reminders/7/note", {"text": "x"}, "not_found"),
        ("GET", "/nothing", None, "not_found"),
    ],
)
def test_what_is_not_there_answers_404(desk: Desk, method: str, path: str, body: Any, code: str) -> None:
    answer = desk.office.alice._call(method, path, **({} if body is None else {"json": body}))
    assert desk.refused(answer, 404)["code"] == code


def test_a_path_with_a_nul_character_is_refused(desk: Desk) -> None:
    for path in ("/changes/%00", "/changes/copilot/roles/sales/members/%00"):
        answer = desk.office.alice._call("PUT" if "members" in path else "GET", path, json=MEMBER)
        assert desk.refused(answer, 400)["code"] == "nul_character"


def test_another_method_is_told_which_ones_there_are(desk: Desk) -> None:
    answer = desk.office.alice._call("DELETE", "/changes/copilot")
    desk.refused(answer, 405)
    assert {"GET", "PATCH"} <= set(answer.headers["Allow"].split(", "))


def test_after_all_that_good_requests_are_taken(house: House) -> None:
    desk = Desk(house)
    for route, (_, _, good) in WRITES.items():
        assert desk.send(route, json=good).status_code in (200, 201, 204), route
    assert desk.office.stored() != desk.before
