"""Reminders over the API: what aggregate ones look like, what people do about them, and whom personal ones are for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from adkar.change import change_id, role_id
from events.envelope import NewEvent
from events.types.reinforcement import (
    ReminderAcknowledged,
    ReminderDropped,
    ReminderNoted,
    ReminderRaised,
    ReminderSnoozed,
)
from tests.service.api.office import Office

MISSING = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def told(office: Office) -> Office:
    office.announce(2)
    office.launch()
    office.impact("sales", members=range(1, 3))
    return office


def raise_one(office: Office, audience: str = "manager", **more: Any) -> UUID:
    reminder, personal = uuid4(), audience == "person"
    raised = ReminderRaised(
        reminder=reminder,
        change=change_id(office.id, "copilot"),
        role=role_id(change_id(office.id, "copilot"), "sales"),
        rule="never_used" if personal else "below_plan",
        cause=f"test:{reminder}",
        audience=audience,
        subject=office.person("p2") if personal else None,
        recipient=office.person("p2") if personal else office.person("p1"),
        facts={"rate": 0.25, "role": "Sales"},
        due=datetime(2026, 3, 10, 8, tzinfo=UTC),
        **more,
    )
    office.record(reminder, raised)
    return reminder


def soon() -> str:
    return (datetime.now(UTC) + timedelta(days=3)).isoformat()


def listed(office: Office, role: str) -> Any:
    answer = office.caller(role).get("/changes/copilot/reminders")
    assert answer.status_code == 200
    return answer.get_json()


def test_an_aggregate_reminder_is_shown_with_its_facts(told: Office) -> None:
    reminder = raise_one(told)
    shown = listed(told, "manager")["reminders"][0]
    raised_at = shown.pop("raised_at")
    assert datetime.fromisoformat(raised_at).tzinfo
    assert shown == {
        "id": str(reminder),
        "role": "sales",
        "rule": "below_plan",
        "audience": "manager",
        "state": "raised",
        "reason": None,
        "action": None,
        "due": "2026-03-10T08:00:00+00:00",
        "sent_at": None,
        "facts": {"rate": 0.25, "role": "Sales"},
    }


def test_an_answer_is_recorded_with_its_note_sealed(told: Office) -> None:
    reminder = raise_one(told)
    answer = told.bob.post(f"/reminders/{reminder}/acknowledge", {"action": "cannot", "note": "No time."})
    assert (answer.status_code, answer.data) == (204, b"")
    given = told.events(ReminderAcknowledged)[0].event
    assert (given.reminder, given.action) == (reminder, "cannot")
    assert given.note
    assert told.takehold.vault.open(told.id, given.note) == "No time."
    shown = listed(told, "champion")["reminders"][0]
    assert (shown["state"], shown["action"]) == ("acknowledged", "cannot")


def test_a_note_is_recorded_sealed(told: Office) -> None:
    reminder = raise_one(told)
    assert told.bob.post(f"/reminders/{reminder}/note", {"text": " Spoke to them.\n"}).status_code == 204
    assert told.takehold.vault.open(told.id, told.events(ReminderNoted)[0].event.note) == "Spoke to them."


def test_a_reminder_may_be_put_off_and_put_off_again(told: Office) -> None:
    reminder = raise_one(told)
    until = soon()
    for _ in range(2):
        assert told.bob.post(f"/reminders/{reminder}/snooze", {"until": until}).status_code == 204
    assert [one.event.until for one in told.events(ReminderSnoozed)] == [datetime.fromisoformat(until)] * 2
    shown = listed(told, "champion")["reminders"][0]
    assert (shown["state"], datetime.fromisoformat(shown["due"])) == ("snoozed", datetime.fromisoformat(until))


def test_reminders_to_single_people_are_a_number_for_everybody_but_the_administrator(told: Office) -> None:
    raise_one(told)
    raise_one(told, "person")
    raise_one(told, "person")
    for role in ("champion", "manager"):
        answer = listed(told, role)
        assert [one["audience"] for one in answer["reminders"]] == ["manager"]
        assert answer["personal"] == 2
    answer = listed(told, "admin")
    assert (len(answer["reminders"]), answer["personal"]) == (3, 0)
    assert all("person" not in name and "subject" not in name for one in answer["reminders"] for name in one)


def test_many_personal_reminders_neither_hide_the_others_nor_are_miscounted(told: Office) -> None:
    """The list ends somewhere; nudges to a large role once pushed the manager's alert off it."""
    alert = raise_one(told)
    template = told.events(ReminderRaised)[0].event
    person = told.person("p2")
    nudges = []
    for id in (uuid4() for _ in range(520)):
        values = vars(template) | {"reminder": id, "cause": str(id), "audience": "person", "recipient": person}
        nudges.append(NewEvent(stream=id, event=ReminderRaised(**values), occurred_at=datetime.now(UTC)))
    with told.takehold.command(told.id, "system", "worker") as unit:
        unit.append_all(nudges)
    told.follow()
    answer = listed(told, "champion")
    assert ([one["id"] for one in answer["reminders"]], answer["personal"]) == ([str(alert)], 520)


@pytest.mark.parametrize("role", ["champion", "manager"])
@pytest.mark.parametrize(
    ("act", "body"),
    [("acknowledge", {"action": "did_it"}), ("snooze", {"until": "soon"}), ("note", {"text": "x"})],
)
def test_acting_on_a_personal_reminder_is_as_on_one_that_does_not_exist(
    told: Office, role: str, act: str, body: dict[str, Any]
) -> None:
    reminder = raise_one(told, "person")
    before = told.stored()
    body = {name: soon() if value == "soon" else value for name, value in body.items()}
    caller = told.caller(role)
    hidden, missing = (caller.post(f"/reminders/{id}/{act}", body) for id in (reminder, MISSING))
    assert hidden.status_code == missing.status_code == 404
    assert hidden.data == missing.data
    assert told.stored() == before
    assert told.caller("admin").post(f"/reminders/{reminder}/{act}", body).status_code == 204


def test_a_reminder_that_was_dropped_at_first_can_be_answered_once_it_was_raised(told: Office) -> None:
    """What the cool-down holds back is raised a week later, in the same stream, behind the drop."""
    reminder = uuid4()
    change = change_id(told.id, "copilot")
    common = {"reminder": reminder, "change": change, "role": role_id(change, "sales"), "rule": "below_plan"}
    common |= {"cause": "late", "audience": "manager", "recipient": told.person("p1")}
    told.record(reminder, ReminderDropped(**common, reason="nobody_to_tell"))
    answer = told.bob.post(f"/reminders/{reminder}/acknowledge", {"action": "did_it"})
    assert answer.status_code == 404
    raised = ReminderRaised(**common, subject=None, facts={}, due=datetime(2026, 3, 10, tzinfo=UTC))
    told.record(reminder, raised)
    assert told.bob.post(f"/reminders/{reminder}/acknowledge", {"action": "did_it"}).status_code == 204
