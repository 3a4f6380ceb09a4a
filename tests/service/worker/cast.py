"""An organisation with a change: p1 to p12 sell, dora among them as p12, and mara manages them without selling.

Its story plays in Berlin in spring 2026: live since 2 March, looked at on Tuesday 5 May at ten. What was used on later
days may be stored beforehand: nobody sees it before its day.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import select, update

from adkar.change import Change, Role
from adkar.reinforcement.reminder import Reminder
from events.log import read
from events.types.base import Event
from events.types.change import MemberPlaced
from events.types.reinforcement import DeliveryFailed
from service.app import create_app
from service.commands.changes import amend_change, impact_role, launch_change, load_change, place_members
from service.commands.reinforcement import opt_out
from service.directory.announce import Announced, announce
from service.directory.sources import expect
from service.intake.store import Use, store
from service.organisation import issue_key
from service.takehold import Takehold
from service.unit import Unit, Workspace
from service.worker.deliver import Delivered, deliver
from service.worker.evaluate import Evaluated, evaluate
from service.worker.follow import follow
from service.worker.raising import Raising
from service.worker.tables import DELIVERY, LEASE
from tests.service.conftest import Caller

BERLIN = ZoneInfo("Europe/Berlin")
GO_LIVE = date(2026, 3, 2)
FIRST_USE = date(2026, 4, 20)
LONG_AFTER = date(2026, 5, 29)
NOW = datetime(2026, 5, 5, 10, tzinfo=BERLIN).astimezone(UTC)
SELLERS = [f"p{n}" for n in range(1, 13)]
DORA = "p12"
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PATIENCE = 30.0
_Event = TypeVar("_Event", bound=Event)


def berlin(day: int, hour: int, minute: int = 0, month: int = 5) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def eventually(holds: Callable[[], object], what: str = "it did not happen") -> None:
    """Looks again and again until PATIENCE is over."""
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.02)):
        if holds():
            return
        pause.wait(0.02)
    raise AssertionError(what)


def listed(alice: Caller) -> list[tuple[str, str | None]]:
    rows = alice.get("/changes/copilot/reminders").get_json()["reminders"]
    return [(row["state"], row["reason"]) for row in rows]


def retry_of(failed: DeliveryFailed) -> datetime:
    assert failed.retry
    return failed.retry


@cache
def _app(takehold: Takehold) -> Flask:
    return create_app(takehold)


def _noon_ms(day: date) -> int:
    return int(datetime.combine(day, time(12), BERLIN).timestamp() * 1000)


@dataclass
class Organisation:
    takehold: Takehold
    id: str
    people: dict[str, UUID] = field(default_factory=dict)

    @property
    def workspace(self) -> Workspace:
        return self.takehold.workspace(self.id)

    def caller(self, role: str) -> Caller:
        return Caller(_app(self.takehold).test_client(), issue_key(self.takehold, self.id, role))

    @contextmanager
    def unit(self, now: datetime = NOW) -> Iterator[Unit]:
        with self.takehold.command(self.id, "key:alice", "api", now=now) as unit:
            yield unit

    def hire(self, *announced: Announced) -> None:
        with self.unit() as unit:
            for one, answer in zip(announced, announce(unit, announced), strict=True):
                assert isinstance(answer, UUID)
                self.people[one.external_id] = answer

    def launch(self, key: str, roles: Mapping[str, Sequence[str]], manager: str | None = "mara", **role: Any) -> None:
        """A change with roles and who is in them, all from the beginning of the year."""
        with self.unit() as unit:
            expect(unit, "default", FIRST_USE)
            launch_change(
                unit,
                {
                    "key": key,
                    "name": key.capitalize(),
                    "go_live": GO_LIVE,
                    "target": {"rate": 0.8, "by": date(2026, 9, 1)},
                    "adoption": {"features": [{"app": key}]},
                },
            )
            for role_key, members in roles.items():
                impact_role(unit, key, {"key": role_key, "name": role_key.title(), "manager": manager, **role})
                change = load_change(unit.connection, self.id, key)
                place_members(
                    unit,
                    [
                        MemberPlaced(
                            change=change.id,
                            role=change.roles[role_key].id,
                            person=self.people[external],
                            start=date(2026, 1, 1),
                        )
                        for external in members
                    ],
                )

    def close_change(self, key: str = "copilot") -> None:
        with self.unit() as unit:
            amend_change(unit, key, {"phase": "closed"})

    def change(self, key: str = "copilot") -> Change:
        with self.takehold.database.read() as connection:
            return load_change(connection, self.id, key)

    def role(self, key: str = "sales") -> Role:
        return self.change().roles[key]

    def used(
        self, externals: Iterable[str], first: date = FIRST_USE, last: date = LONG_AFTER, app: str = "copilot"
    ) -> None:
        """Each of them on each working day from `first` to `last`, inclusive."""
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        uses = [
            Use(
                f"{app}-{external}-{day}",
                app,
                "draft",
                external,
                _noon_ms(day),
            )
            for external in externals
            for day in days
            if day.weekday() < 5
        ]
        store(self.takehold, self.id, "default", uses, int(NOW.timestamp() * 1000))

    def everybody_but(self, *idle: str) -> None:
        self.used([one for one in SELLERS if one not in idle])

    def one_of_twelve(self, last: date = LONG_AFTER) -> None:
        """Everybody tried it once, and only p1 goes on: below plan, and nobody to nudge."""
        self.used(SELLERS, FIRST_USE, FIRST_USE)
        self.used(SELLERS[:1], FIRST_USE, last)

    def opt(self, person: str, out: bool = True, now: datetime = NOW) -> None:
        with self.unit(now) as unit:
            opt_out(unit, self.people[person], out)

    def alerts(self, count: int, rule: str = "below_plan", now: datetime = NOW, first: int = 0) -> None:
        """Raises alerts to whoever a below_plan of sales would go to, each of a cause of its own."""
        role = self.role()
        facts = {"change": "Copilot", "role": "Sales", "rate": 0.1, "plan": 0.3, "eligible": 12, "week": "2026-05-03"}
        with self.unit(now) as unit:
            raising = Raising(unit, {}, set(), {})
            for n in range(first, first + count):
                raising.judge(
                    Reminder(rule, self.change().id, role.id, None, "manager", role.manager, f"{rule}:{n}", facts)
                )
            assert raising.record() == (count, 0)

    def evaluate(self, now: datetime = NOW) -> Evaluated:
        return evaluate(self.takehold, self.workspace, now)

    def deliver(self, now: datetime = NOW) -> Delivered:
        return deliver(self.takehold, self.workspace, now)

    def round(self, now: datetime = NOW) -> tuple[Evaluated, Delivered]:
        return self.evaluate(now), self.deliver(now)

    def follow(self) -> bool:
        return follow(self.takehold, self.workspace)

    def told(self, kind: type[_Event]) -> list[_Event]:
        """Every event of a type in the log, oldest first."""
        with self.takehold.database.read() as connection:
            found = read(connection, self.id, limit=100_000, types=[kind.wire])
        return [one.event for one in found if isinstance(one.event, kind)]

    def deliveries(self, state: str | None = None) -> list[Any]:
        with self.takehold.database.read() as connection:
            rows = connection.execute(
                select(DELIVERY).where(DELIVERY.c.workspace_id == self.id).order_by(DELIVERY.c.delivery_id)
            ).all()
        return [row for row in rows if state in (None, row.state)]

    def claims_run_out(self) -> None:
        with self.takehold.database.write("work", self.id) as connection:
            connection.execute(
                update(DELIVERY)
                .where(DELIVERY.c.workspace_id == self.id, DELIVERY.c.state == "claimed")
                .values(claimed_until=_LONG_AGO)
            )

    def leases_run_out(self) -> None:
        with self.takehold.database.write("work", self.id) as connection:
            connection.execute(update(LEASE).where(LEASE.c.workspace_id == self.id).values(until=_LONG_AGO))
