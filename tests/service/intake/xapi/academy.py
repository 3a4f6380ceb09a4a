"""A running server whose sales people are asked for a course, to see whether what a client told counts as training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.events.cast import until
from tests.running import Api, running
from tests.service.intake.xapi.learning import COURSE

__all__ = ["COURSE", "WHEN", "Academy", "academy"]

WHEN = (datetime.now(UTC) - timedelta(hours=1)).isoformat()


@dataclass
class Academy:
    """endpoint, key: what a client is told."""

    endpoint: str
    key: str
    admin: Api

    def expect_trainings(self, times: int, voided: int = 0) -> None:
        """p1 began the course, p2 completed it, p3 and p4 passed with 0.9, so many times; what was voided is gone."""
        told = self.admin.get("/events", limit=1000)["events"]
        withdrawn = {one["data"]["event_id"] for one in told if one["type"] == "fact.withdrawn"}
        assert len(withdrawn) == voided
        steps = [one for one in told if one["type"] == "training.recorded" and one["event_id"] not in withdrawn]
        assert [one["data"]["status"] for one in steps] == ["initialized", "completed", "passed", "passed"] * times
        assert {one["data"]["course"] for one in steps} == {"basics"}
        assert len({one["data"]["person"] for one in steps}) == 4
        assert {one["data"]["score"] for one in steps if one["data"]["status"] == "passed"} == {0.9}
        assert self.admin.get("/data-quality")["quarantine"] == []


@pytest.fixture
def academy(database_url: str, tmp_path: Path) -> Iterator[Academy]:
    settings = {"TAKEHOLD_DATABASE_URL": database_url, "TAKEHOLD_KEYS_URL": f"sqlite:///{tmp_path / 'keys.db'}"}
    with running(settings, "serve") as server:
        admin = Api(server.url, server.key)
        admin.post("/people", [{"external_id": f"p{number}"} for number in range(1, 6)])
        today = datetime.now(UTC).date()
        admin.post(
            "/changes",
            {
                "key": "assistant",
                "name": "Assistant",
                "go_live": (today - timedelta(days=60)).isoformat(),
                "target": {"rate": 0.8, "by": (today + timedelta(days=60)).isoformat()},
                "adoption": {"features": [{"app": "assistant"}]},
            },
        )
        admin.post("/changes/assistant/roles", {"key": "sales", "name": "Sales", "courses": ["basics"]})
        for _ in until(lambda: admin.get("/changes/assistant")["roles"] != [], 60):
            pass
        key = server.command("key", "create", "--role", "app", "--source", "academy").strip()
        yield Academy(f"{server.url}/xapi/", key, admin)
