"""An app of an organisation, and what its people's use comes to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.service.api.office import Office
from tests.service.intake.dialects.rigs import basic

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
NOON = f"{YESTERDAY.isoformat()}T12:00:00Z"


class App:
    """An app that speaks Segment, under a source of its own."""

    def __init__(self, office: Office, source: str = "assistant") -> None:
        self.office, caller = office, office.caller("app", source)
        self._client: FlaskClient = caller.client
        self._headers = {"Authorization": basic(caller.key)}

    def say(self, *messages: dict[str, Any]) -> None:
        answer = self._client.post("/v1/batch", json={"batch": messages}, headers=self._headers)
        assert answer.get_json() == {"success": True}, answer.text
        self.office.follow()

    def used(self, actor: str, times: int = 1, **more: Any) -> list[dict[str, Any]]:
        """Messages of one actor."""
        who = {"anonymousId": actor.removeprefix("anonymous:")} if actor.startswith("anonymous:") else {"userId": actor}
        return [
            {"type": "track", "event": "asked", "messageId": f"{actor} {n}", "timestamp": NOON, **who, **more}
            for n in range(times)
        ]


@pytest.fixture
def team(office: Office) -> Office:
    """p1 to p12 in one role of a change that counts the assistant, with p1 to p10 having used it."""
    office.expect(YESTERDAY.isoformat(), "assistant")
    office.announce(12)
    office.launch(
        go_live=(YESTERDAY - timedelta(days=40)).isoformat(),
        target={"rate": 0.8, "by": (YESTERDAY + timedelta(days=90)).isoformat()},
        adoption={"features": [{"app": "assistant"}], "window_days": 7, "min_days": 1},
    )
    office.impact("sales", members=range(1, 13))
    app = App(office)
    app.say(*(message for n in range(1, 11) for message in app.used(f"p{n}")))
    return office


def active(office: Office, **query: Any) -> int:
    asked = {"from": YESTERDAY.isoformat(), "to": YESTERDAY.isoformat(), **query}
    answer = office.charlie.get("/changes/copilot/adoption", **asked)
    assert answer.status_code == 200, answer.text
    return answer.get_json()["series"][0]["active"]  # type: ignore[no-any-return]


def undo(office: Office, kind: type) -> None:
    """Takes the last event of a kind back."""
    [*_, wrong] = [recorded for recorded in office.events() if isinstance(recorded.event, kind)]
    answer = office.alice.post(f"/events/{wrong.event_id}/withdraw", {"reason": "a slip"})
    assert answer.status_code == 204, answer.text
    office.follow()


def unknown(office: Office) -> int:
    [source] = [s for s in office.alice.get("/data-quality").get_json()["sources"] if s["source"] == "assistant"]
    return source["unknown_actors"]  # type: ignore[no-any-return]
