"""Unmodified clients deliver into a running server, and what they sent shows up in adoption."""

from __future__ import annotations

import pytest

from tests.running import Api, Running
from tests.service.intake.dialects import clients
from tests.service.intake.dialects.adopting import WHEN, expect_all_adopted


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
    program: str, number: int, server: Running, admin: Api, key: str
) -> None:
    for _ in range(2):
        clients.run(program, server.url, key, WHEN.isoformat())
    expect_all_adopted(admin, number)
