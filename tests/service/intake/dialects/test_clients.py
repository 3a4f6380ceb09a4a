"""Unmodified clients deliver into a running server, and what they sent shows up in adoption."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.events.cast import until
from tests.running import Api, Running, running
from tests.service.intake.dialects import clients

TEAM = [f"p{number}" for number in range(1, 13)]
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
WHEN = datetime.combine(YESTERDAY, datetime.min.time(), UTC) + timedelta(hours=12)


@pytest.fixture
def takehold(database_url: str, tmp_path: Path) -> Iterator[Running]:
    settings = {"TAKEHOLD_DATABASE_URL": database_url, "TAKEHOLD_KEYS_URL": f"sqlite:///{tmp_path / 'keys.db'}"}
    with running(settings, "serve") as started:
        yield started


@pytest.fixture
def admin(takehold: Running) -> Api:
    """An organisation of twelve in one role, of whom nobody used anything yet."""
    takehold.command("init")
    api = takehold.as_role("admin")
    api.post("/people", [{"external_id": one, "email": f"{one}@example.org"} for one in TEAM])
    api.post(
        "/changes",
        {
            "key": "assistant",
            "name": "Assistant",
            "go_live": (YESTERDAY - timedelta(days=60)).isoformat(),
            "target": {"rate": 0.8, "by": (YESTERDAY + timedelta(days=60)).isoformat()},
            "adoption": {"features": [{"app": "assistant"}], "window_days": 7, "min_days": 1},
        },
    )
    api.post("/changes/assistant/roles", {"key": "sales", "name": "Sales"})
    for one in TEAM:
        api.put(f"/changes/assistant/roles/sales/members/{one}", {"from": "2024-01-01"})
    return api


@pytest.mark.parametrize(
    ("program", "number"),
    [
        (clients.SEGMENT, 121),
        (clients.RUDDERSTACK, 120),
        (clients.POSTHOG, 121),
        (clients.POSTHOG_V1, 121),
        (clients.CLOUDEVENTS, 48),
    ],
    ids=["segment-analytics-python", "rudder-sdk-python", "posthog", "posthog in mode v1", "cloudevents"],
)
def test_its_events_show_up_in_adoption_once_however_often_they_are_sent(
    program: str, number: int, takehold: Running, admin: Api
) -> None:
    key = takehold.command("key", "create", "--role", "app", "--source", "assistant").strip()
    for _ in range(2):
        clients.run(program, takehold.url, key, WHEN.isoformat())
    asked = {"from": YESTERDAY.isoformat(), "to": YESTERDAY.isoformat()}

    def active() -> int | None:
        return admin.get("/changes/assistant/adoption", **asked)["series"][-1]["active"]  # type: ignore[no-any-return]

    for _ in until(lambda: active() == len(TEAM), 60):
        pass
    quality = admin.get("/data-quality")
    [source] = [one for one in quality["sources"] if one["source"] == "assistant"]
    assert quality["quarantine"] == []
    assert source["received"] == number
