"""A small history whose adoption can be worked out by hand: Berlin's weeks around the change to summer time in 2026.

Clocks go from 02:00 to 03:00 on Sunday 29 March. The change goes live on 2 March; use on 2 of 7 days counts, and is
told of from the 24th on, as was agreed. p1 to p10 are members all along, p11 joins on 25 March, p12 is no member from
27 March on. In local days of March:

    p1   25 26          p4   30, twice a day         p11    26 27
    p2   28 29 (*)      p5   24 25                   p12    25 26
    p3   29 30 (*)      p6   31, and 1 April         ghost  26 27   nobody we know
    p7   25 26 of another app

(*) Half an hour before and after midnight: one day in UTC, or in the zone's other offset.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import time_machine

from service.directory.sources import beat
from tests.service.api.office import Office, at

LAUNCHED = "2026-03-20T10:00+01:00"
FIRST_USE = "2026-03-24"
TODAY = "2026-04-01T18:00+02:00"
USES = [
    ("p5", "2026-03-24T09:00+01:00"),
    ("p5", "2026-03-25T09:00+01:00"),
    ("p1", "2026-03-25T09:00+01:00"),
    ("p12", "2026-03-25T09:10+01:00"),
    ("p1", "2026-03-26T09:00+01:00"),
    ("p11", "2026-03-26T09:00+01:00"),
    ("p12", "2026-03-26T10:00+01:00"),
    ("ghost", "2026-03-26T09:00+01:00"),
    ("p11", "2026-03-27T09:00+01:00"),
    ("ghost", "2026-03-27T09:00+01:00"),
    ("p2", "2026-03-28T23:30+01:00"),
    ("p2", "2026-03-29T00:30+01:00"),
    ("p3", "2026-03-29T23:30+02:00"),
    ("p3", "2026-03-30T00:30+02:00"),
    ("p4", "2026-03-30T09:00+02:00"),
    ("p4", "2026-03-30T17:00+02:00"),
    ("p6", "2026-03-31T09:00+02:00"),
    ("p6", "2026-04-01T09:00+02:00"),
]
OTHER_APP = [("p7", "2026-03-25T09:00+01:00"), ("p7", "2026-03-26T09:00+01:00")]


def tell(office: Office) -> None:
    """Launches the change, then sends each use as it happens, with the worker following."""
    with at(LAUNCHED):
        office.expect(FIRST_USE)
        office.announce(12)
        office.launch()
        office.impact("sales", members=range(1, 11))
        office.place("p11", **{"from": "2026-03-25"})
        office.place("p12", **{"from": "2026-01-01", "until": "2026-03-27"})
        office.follow()
    # In the week before it was there already, and nobody used it.
    with office.takehold.database.write("usage", office.id) as connection:
        for day in range(16, 24):
            beat(connection, office.id, "default", date(2026, 3, day))
    use(office, USES, "copilot")
    use(office, OTHER_APP, "teapot")


def use(office: Office, uses: list[tuple[str, str]], app: str = "copilot") -> None:
    """Each use is sent a minute after it happened; the worker follows once a day."""
    tool = office.caller("app")
    for number, (actor, instant) in enumerate(uses):
        body = {
            "id": f"{actor} {instant}",
            "app": app,
            "feature": "chat",
            "actor": actor,
            "occurred_at": _full(instant),
        }
        with time_machine.travel(datetime.fromisoformat(instant) + timedelta(minutes=1), tick=False):
            assert tool.post("/usage", {"events": [body]}).get_json()["stored"] == 1
            if instant[:10] not in {later[:10] for _, later in uses[number + 1 :]}:
                office.follow()


def adoption(office: Office, now: str = TODAY, change: str = "copilot", **query: Any) -> dict[str, Any]:
    """What the API answers to a viewer at some instant; the points of its series by day."""
    with at(now):
        answer = office.charlie.get(f"/changes/{change}/adoption", **query)
    assert answer.status_code == 200, answer.get_json()
    told: dict[str, Any] = answer.get_json()
    told["series"] = {point["day"]: point for point in told["series"]}
    return told


def _full(instant: str) -> str:
    return f"{instant[:16]}:00{instant[16:]}"
