"""What the reminder rules look at, and what a role's summary says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from adkar.change import change_id, role_id
from adkar.reinforcement.reminder import Learner, RoleState
from events.types.reinforcement import ReminderDropped, ReminderRaised
from service.commands.changes import load_change
from service.queries.reinforcement import role_states
from service.queries.summary import RoleSummary, summaries
from service.queries.view import view
from tests.service.api.office import Office, at

NOW = "2026-03-18T12:00+01:00"  # a Wednesday


@pytest.fixture
def staffed(office: Office) -> Office:
    """p1 to p3 in one role: with two courses asked, and p2's access of its own."""
    with at("2026-02-20T12:00+01:00"):
        office.announce(3)
        office.launch(zone="Asia/Tokyo", baseline=0.1)
        office.impact("sales", manager="p3", courses=["basics", "ethics"], members=(1,))
        office.place("p2", **{"from": "2026-01-01", "access_from": "2026-03-10"})
        office.place("p3", **{"from": "2026-03-11", "until": "2026-04-01"})
    return office


def state(office: Office) -> RoleState:
    with office.takehold.database.read() as connection:
        seen = view(connection, office.workspace, now=datetime.fromisoformat(NOW))
        return role_states(seen, load_change(connection, office.id, "copilot"))[0]


def summary(office: Office) -> RoleSummary:
    with office.takehold.database.read() as connection:
        seen = view(connection, office.workspace, now=datetime.fromisoformat(NOW))
        return summaries(seen, load_change(connection, office.id, "copilot"))[0]


def train(office: Office, person: str, course: str, instant: str) -> None:
    body = {"id": f"{person} {course}", "person": person, "course": course, "status": "completed"}
    assert office.alice.post("/trainings", {"events": [body | {"occurred_at": instant}]}).get_json()["stored"] == 1


def test_a_learner_is_known_by_dates_and_never_by_more_than_whether_the_tool_was_used(staffed: Office) -> None:
    with at(NOW):
        for course, instant in (("basics", "2026-03-04T12:00:00Z"), ("ethics", "2026-03-05T16:00:00Z")):
            train(staffed, "p1", course, instant)
        train(staffed, "p2", "basics", "2026-03-04T12:00:00Z")
        body = {"id": "1", "app": "copilot", "feature": "chat", "actor": "p2", "occurred_at": "2026-03-12T09:00:00Z"}
        staffed.caller("app").post("/usage", {"events": [body]})
        staffed.follow()
    learners = {learner.person: learner for learner in state(staffed).learners}
    p1, p2, p3 = (learners[staffed.person(name)] for name in ("p1", "p2", "p3"))
    # The last of the courses asked; by then it was the 6th where the change is scheduled.
    assert p1 == Learner(p1.person, date(2026, 1, 1), None, date(2026, 3, 2), date(2026, 3, 6), True, False)
    assert p2 == Learner(p2.person, date(2026, 1, 1), None, date(2026, 3, 10), None, True, True)
    assert p3 == Learner(p3.person, date(2026, 3, 11), date(2026, 4, 1), date(2026, 3, 11), None, True, False)


def test_a_role_is_known_by_its_terms_and_complete_weeks(staffed: Office) -> None:
    found = state(staffed)
    assert (found.change, found.role) == (
        change_id(staffed.id, "copilot"),
        role_id(change_id(staffed.id, "copilot"), "sales"),
    )
    assert (found.change_name, found.role_name, found.zone) == ("Copilot", "Sales", "Asia/Tokyo")
    assert (found.go_live, found.target_rate, found.target_by) == (date(2026, 3, 2), 0.8, date(2026, 9, 1))
    assert (found.baseline, found.manager, found.minimum) == (0.1, staffed.person("p3"), 10)
    # Sundays; the running week is not complete. Rules hide small groups themselves.
    assert [date.fromordinal(week.day) for week in found.weeks] == [date(2026, 3, 8), date(2026, 3, 15)]
    assert [week.eligible for week in found.weeks] == [2, 3]


def test_a_summary_tells_the_last_aggregate_reminder_and_no_personal_one(staffed: Office) -> None:
    change = change_id(staffed.id, "copilot")
    common = {"change": change, "role": role_id(change, "sales"), "rule": "below_plan", "recipient": None}
    assert summary(staffed).last_reminder is None
    for hour, kind in enumerate(("manager", "dropped", "person"), start=9):
        id, instant = uuid4(), datetime(2026, 3, 17, hour, tzinfo=UTC)
        event: ReminderRaised | ReminderDropped
        if kind == "dropped":
            event = ReminderDropped(reminder=id, cause=kind, audience="manager", reason="nobody_to_tell", **common)
        else:
            due = instant + timedelta(hours=1)
            event = ReminderRaised(reminder=id, cause=kind, audience=kind, subject=None, facts={}, due=due, **common)
        with staffed.takehold.command(staffed.id, "system", "worker", now=instant) as unit:
            unit.append(id, [event])
    assert summary(staffed).last_reminder == datetime(2026, 3, 17, 9, tzinfo=UTC)


def test_a_summary_of_a_small_role_shows_no_figure_and_judges_nothing(staffed: Office) -> None:
    found = summary(staffed)
    assert (found.latest.point.status, found.latest.point.eligible, found.latest.mau) == ("suppressed", None, None)
    assert found.profile.by_source["self"].suppressed
    assert found.alert == "no_data"
