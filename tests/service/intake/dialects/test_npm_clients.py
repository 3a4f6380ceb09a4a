"""Unmodified clients for Node deliver into a running server, and what they sent shows up in adoption."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import Api, Running
from tests.service.intake.dialects import node
from tests.service.intake.dialects.adopting import WHEN, expect_all_adopted

# What a client sends does not depend on the engine.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("program", "environment", "number"),
    [
        ("segment.mjs", {}, 121),
        ("rudderstack.mjs", {}, 121),
        ("posthog.mjs", {"POSTHOG_CAPTURE_MODE": "v0"}, 121),
        ("posthog.mjs", {"POSTHOG_CAPTURE_MODE": "v1"}, 121),
        ("cloudevents.mjs", {}, 120),
    ],
    ids=["segment", "rudderstack", "posthog", "posthog in mode v1", "cloudevents"],
)
def test_its_events_show_up_in_adoption_once_however_often_they_are_sent(
    program: str, environment: dict[str, str], number: int, packages: Path, server: Running, admin: Api, key: str
) -> None:
    for _ in range(2):
        node.run(packages, program, server.url, key, WHEN.isoformat(), **environment)
    expect_all_adopted(admin, number)
