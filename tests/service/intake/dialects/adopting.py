"""A running server and twelve people, to see whether what a client sent shows up in adoption."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.events.cast import until
from tests.running import Api, Running, running

TEAM = [f"p{number}" for number in range(1, 13)]
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
WHEN = datetime.combine(YESTERDAY, datetime.min.time(), UTC) + timedelta(hours=12)


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Running]:
    settings = {"TAKEHOLD_DATABASE_URL": database_url, "TAKEHOLD_KEYS_URL": f"sqlite:///{tmp_path / 'keys.db'}"}
    with running(settings, "serve") as started:
        yield started


@pytest.fixture
def admin(server: Running) -> Api:
    """An organisation of twelve in one role, of whom nobody used anything yet."""
    api = Api(server.url, server.key)
    # Nothing was ever told before, and silence would be no zero.
    api.put("/sources/assistant", {"since": YESTERDAY.isoformat()})
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


@pytest.fixture
def key(server: Running, admin: Api) -> str:
    """Of the app that the change counts."""
    return server.command("key", "create", "--role", "app", "--source", "assistant").strip()


def expect_all_adopted(admin: Api, received: int) -> None:
    """All twelve were active yesterday, as many uses were received, and everything had a place."""
    asked = {"from": YESTERDAY.isoformat(), "to": YESTERDAY.isoformat()}
    for _ in until(lambda: admin.get("/changes/assistant/adoption", **asked)["series"][-1]["active"] == len(TEAM), 60):
        pass
    quality = admin.get("/data-quality")
    [source] = [one for one in quality["sources"] if one["source"] == "assistant"]
    assert quality["quarantine"] == []
    assert source["received"] == received
