"""The whole path over real HTTP, on both engines: launch, assess, train, use, slip, remind, acknowledge.

A sales team of twelve gets Copilot four weeks ago. Eleven use it well for two weeks and then nine of them fall back;
the twelfth was trained and never began. The manager hears of the group, the twelfth person gets an offer of help,
and neither message says what anybody did.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from email.message import Message
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import requests
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from pytest_httpserver import HTTPServer

from tests.running import Api, Running, free_port, running

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = datetime.now(BERLIN).date()
THIS_MONDAY = TODAY - timedelta(days=TODAY.weekday())
GO_LIVE = THIS_MONDAY - timedelta(weeks=4)
MONDAY_MORNING = datetime.combine(THIS_MONDAY, time(10), BERLIN)
TEAM = [f"p{number}" for number in range(1, 13)]


class Inbox(MessageHandler):
    """Keeps every mail that arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.mails.append(message)


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    handler, port = Inbox(), free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


@pytest.fixture
def takehold(database_url: str, tmp_path: Path, inbox: tuple[Inbox, int], httpserver: HTTPServer) -> Iterator[Running]:
    settings = {
        "TAKEHOLD_DATABASE_URL": database_url,
        "TAKEHOLD_KEYS_URL": f"sqlite:///{tmp_path / 'keys.db'}",
        "TAKEHOLD_SMTP_HOST": "127.0.0.1",
        "TAKEHOLD_SMTP_PORT": str(inbox[1]),
        "TAKEHOLD_SMTP_SECURITY": "none",
        "TAKEHOLD_SLACK_BASE": httpserver.url_for("/"),
    }
    with running(settings, zone="Europe/Berlin") as started:
        yield started


def test_a_team_slips_back_and_the_right_people_hear_of_it(
    takehold: Running, inbox: tuple[Inbox, int], httpserver: HTTPServer
) -> None:
    admin = Api(takehold.url, takehold.key)
    launch(admin)
    assess(takehold.as_role("champion"))
    train(takehold.as_role("app", "lms"))
    use(takehold.as_role("app", "copilot"))

    httpserver.expect_ordered_request("/hook", method="POST").respond_with_data("ok")
    admin.post("/channels", {"kind": "slack", "target": httpserver.url_for("/hook"), "audience": {"change": "copilot"}})
    told = json.loads(takehold.command("tick", "--at", MONDAY_MORNING.isoformat(), "--json"))["default"]
    assert (told["raised"], told["sent"], told["failed"]) == (2, 3, 0)

    see_adoption(takehold.as_role("manager"))
    see_messages(inbox[0], httpserver)
    again = json.loads(takehold.command("tick", "--at", MONDAY_MORNING.isoformat(), "--json"))["default"]
    assert (again["raised"], again["sent"]) == (0, 0)
    acknowledge(takehold.as_role("manager"), admin)
    see_events(admin)
    stop_reminders(inbox[0], takehold, admin)


def launch(admin: Api) -> None:
    people = [{"external_id": p, "email": f"{p}@example.org", "name": f"Person {p}"} for p in [*TEAM, "boss"]]
    assert admin.post("/people", people)["stored"] == 13
    change = {
        "key": "copilot",
        "name": "Copilot in sales",
        "go_live": GO_LIVE.isoformat(),
        "sponsor": "boss",
        "target": {"rate": 0.9, "by": (GO_LIVE + timedelta(days=60)).isoformat()},
        "adoption": {"features": [{"app": "copilot"}], "window_days": 7, "min_days": 2},
    }
    assert admin.post("/changes", change)["adoption"]["version"] == 1
    admin.post("/changes/copilot/roles", {"key": "sales", "name": "Sales", "manager": "boss", "courses": ["basics"]})
    for person in TEAM:
        admin.put(f"/changes/copilot/roles/sales/members/{person}", {"from": "2020-01-01"})


def assess(champion: Api) -> None:
    for number, person in enumerate(TEAM):
        scores = {"awareness": 5, "desire": 2 if number < 4 else 4, "knowledge": 4, "ability": 4, "reinforcement": 4}
        given = {"person": person, "scores": scores, "method": "pulse", "occurred_at": at(TODAY - timedelta(days=3))}
        champion.post("/changes/copilot/assessments", {**given, "note": "Said it in the stand-up."})
    recorded = {"role": "sales", "stage": "desire", "status": "reached", "occurred_at": at(GO_LIVE)}
    champion.post("/changes/copilot/stages", recorded)
    role = champion.get("/changes/copilot/adkar", role="sales")["roles"][0]
    assert (role["n"], role["response_rate"], role["barrier"]) == (12, 1, "none")
    assert role["barriers"]["desire"] == 4
    assert role["recorded"] == {"desire": "reached"}


def train(lms: Api) -> None:
    steps = [
        {
            "id": p,
            "person": p,
            "course": "basics",
            "status": "completed",
            "occurred_at": at(GO_LIVE - timedelta(days=3)),
        }
        for p in TEAM
    ]
    assert lms.post("/trainings", {"events": steps})["stored"] == 12
    assert lms.post("/trainings", {"events": steps})["duplicate"] == 12


def use(app: Api) -> None:
    events = []
    for week in range(4):
        for weekday in range(5):
            day = GO_LIVE + timedelta(weeks=week, days=weekday)
            users = TEAM[:11] if week < 2 else TEAM[:2]
            events += [
                {"id": f"{p}-{day}", "app": "copilot", "feature": "chat", "actor": p, "occurred_at": at(day)}
                for p in users
            ]
    body = gzip.compress(json.dumps({"events": events}).encode())
    headers = {"Authorization": f"Bearer {app.key}", "Content-Encoding": "gzip", "Content-Type": "application/json"}
    for answer in ({"stored": 130, "duplicate": 0}, {"stored": 0, "duplicate": 130}):
        said = requests.post(f"{app.url}/api/v1/usage", data=body, headers=headers, timeout=30)
        assert said.status_code == 200
        assert answer.items() <= said.json().items()


def see_adoption(manager: Api) -> None:
    sundays = [GO_LIVE + timedelta(days=6 + 7 * week) for week in range(4)]
    query = {"role": "sales", "from": sundays[0].isoformat(), "to": sundays[-1].isoformat()}
    series = {point["day"]: point for point in manager.get("/changes/copilot/adoption", **query)["series"]}
    weekly = [series[day.isoformat()] for day in sundays]
    assert [point["adopted"] for point in weekly] == [11, 11, 2, 2]
    assert [point["mature"] for point in weekly] == [12] * 4
    assert weekly[-1]["rate"] == pytest.approx(2 / 12)
    assert weekly[-1]["rate"] < weekly[-1]["plan"]


def see_messages(inbox: Inbox, httpserver: HTTPServer) -> None:
    by_receiver = {mail["X-RcptTo"]: mail for mail in inbox.mails}
    assert sorted(by_receiver) == ["boss@example.org", "p12@example.org"]
    alert, nudge = by_receiver["boss@example.org"], by_receiver["p12@example.org"]
    assert "Sales: adoption of Copilot in sales is below plan" in str(alert["Subject"])
    assert "17%" in text_of(alert)
    assert "List-Unsubscribe" in nudge
    assert not any(word in text_of(nudge).lower() for word in ("never used", "not used", "usage", "0%"))
    httpserver.check_assertions()
    request, _ = httpserver.log[0]
    assert "below plan" in request.get_data(as_text=True)
    assert "p12" not in request.get_data(as_text=True)


def acknowledge(manager: Api, admin: Api) -> None:
    listed = manager.get("/changes/copilot/reminders")
    assert listed["personal"] == 1
    [alert] = listed["reminders"]
    assert (alert["rule"], alert["state"], alert["facts"]["eligible"]) == ("below_plan", "sent", 12)
    manager.post(f"/reminders/{alert['id']}/acknowledge", {"action": "did_it", "note": "Team lunch on Friday."})
    states = {one["rule"]: one["state"] for one in admin.get("/changes/copilot/reminders")["reminders"]}
    assert states == {"below_plan": "acknowledged", "never_used": "sent"}


def see_events(admin: Api) -> None:
    events = admin.get("/events", limit=1000)["events"]
    assert [event["position"] for event in events] == list(range(1, len(events) + 1))
    kinds = [event["type"] for event in events]
    assert kinds.count("delivery.sent") == 3
    assert kinds.count("reminder.raised") == 2
    said = json.dumps(events)
    assert not any(clear in said for clear in ("example.org", "Person p", "stand-up", "Team lunch"))


def stop_reminders(inbox: Inbox, takehold: Running, admin: Api) -> None:
    nudge = next(mail for mail in inbox.mails if mail["X-RcptTo"] == "p12@example.org")
    address = str(nudge["List-Unsubscribe"]).strip("<>")
    assert address.startswith(takehold.url)
    assert requests.post(address, data="List-Unsubscribe=One-Click", timeout=30).status_code == 200
    assert admin.get("/events", type="person.opted_out")["events"][0]["data"]["opted_out"] is True


def text_of(mail: Message) -> str:
    part = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def at(day: date) -> str:
    return datetime.combine(day, time(9), BERLIN).isoformat()
