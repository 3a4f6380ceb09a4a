"""A team whose assistant is used, or not, or told of by nobody."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from service.directory.sources import beat
from service.intake.store import Use, store
from tests.service.api.office import Office, at

GO_LIVE = date(2026, 3, 2)
FRIDAY = "2026-03-20"
LATER = "2026-03-23T09:00:00+00:00"


@pytest.fixture
def team(office: Office) -> Office:
    """Twelve people who may use the assistant since Monday 2 March; a week of five days is the window."""
    with at("2026-02-20T09:00:00+00:00"):
        office.announce(12)
        office.launch(
            go_live=GO_LIVE.isoformat(),
            adoption={"features": [{"app": "assistant"}], "window_days": 7, "min_days": 1},
        )
        office.impact("sales", members=range(1, 13))
    return office


def use(
    office: Office,
    *days: int,
    source: str = "assistant",
    app: str = "assistant",
    import_id: UUID | None = None,
    **more: Any,
) -> None:
    """Everybody used it on some days of March."""
    for day in days:
        noon = datetime(2026, 3, day, 12, tzinfo=UTC)
        uses = [
            Use(f"{app} {n} {day} {more}", app, "ask", f"p{n}", int(noon.timestamp() * 1000), **more)
            for n in range(1, 13)
        ]
        assert all(store(office.takehold, office.id, source, uses, int(noon.timestamp() * 1000), import_id))
    with at(LATER):
        office.follow()


def count(office: Office, *features: dict[str, str]) -> None:
    """Lets the use of some features count in place of the assistant's."""
    with at(LATER):
        terms = {"features": list(features), "window_days": 7, "min_days": 1}
        assert office.alice.patch("/changes/copilot", {"adoption": terms}).status_code == 200


WORKING = [*range(2, 7), *range(9, 14), *range(16, 21)]
"""Working days of the three weeks from go-live on."""


def beats(office: Office, *days: int, source: str = "assistant") -> None:
    with office.takehold.database.write("usage", office.id) as connection:
        for day in days:
            beat(connection, office.id, source, date(2026, 3, day))


def point(office: Office, day: str, **query: Any) -> dict[str, Any]:
    with at(LATER):
        answer = office.charlie.get("/changes/copilot/adoption", **{"from": day, "to": day}, **query)
    return answer.get_json()["series"][0]  # type: ignore[no-any-return]


def expect(office: Office, since: str | None, source: str = "assistant", when: str = LATER) -> None:
    with at(when):
        office.expect(since, source)
