"""A workspace for each test, in one running service per engine: opening a service costs more than most tests."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, make_url, select

from events.envelope import Recorded
from events.log import read
from events.tables import ACTIVITY, EVENT, SOURCE, USAGE
from events.types.base import Event
from service.app import create_app
from service.commands.changes import load_change, person_of, place_member
from service.directory.people import find
from service.directory.tables import ACCOUNT, CHANNEL, IDENTITY, PERSON
from service.idempotency import IDEMPOTENCY
from service.organisation import create_workspace, issue_key
from service.settings import Settings
from service.takehold import Takehold
from service.unit import Workspace
from service.worker.follow import follow
from service.worker.tables import DELIVERY
from tests.service.conftest import Caller

_numbers = itertools.count(1)
_STORED = (EVENT, USAGE, ACTIVITY, SOURCE, PERSON, IDENTITY, ACCOUNT, CHANNEL, DELIVERY, IDEMPOTENCY)


@dataclass(frozen=True)
class House:
    """A running service on one engine, and its web application."""

    takehold: Takehold
    app: Flask

    def office(self, minimum_group: int = 10) -> Office:
        """A new workspace, whose days are cut in Berlin."""
        id = f"office-{next(_numbers)}"
        create_workspace(self.takehold, id, zone="Europe/Berlin", minimum_group=minimum_group)
        return Office(self, id)


@dataclass(frozen=True)
class Office:
    """A workspace. alice administers, bob champions, charlie may only look."""

    house: House
    id: str

    def caller(self, role: str, source: str = "default", scopes: frozenset[str] | None = None) -> Caller:
        return Caller(self.house.app.test_client(), issue_key(self.takehold, self.id, role, source, scopes))

    @property
    def takehold(self) -> Takehold:
        return self.house.takehold

    @property
    def workspace(self) -> Workspace:
        return self.takehold.workspace(self.id)

    @cached_property
    def alice(self) -> Caller:
        return self.caller("admin")

    @cached_property
    def bob(self) -> Caller:
        return self.caller("champion")

    @cached_property
    def charlie(self) -> Caller:
        return self.caller("viewer")

    def announce(self, number: int) -> None:
        """People p1, p2 and so on."""
        people = [{"external_id": f"p{n}", "email": f"p{n}@example.org"} for n in range(1, number + 1)]
        assert self.alice.post("/people", people).get_json()["stored"] == number

    def launch(self, key: str = "copilot", **terms: Any) -> None:
        """A change that goes live on Monday 2 March 2026; use on 2 of 7 days counts as adopted."""
        body = {
            "key": key,
            "name": "Copilot",
            "go_live": "2026-03-02",
            "target": {"rate": 0.8, "by": "2026-09-01"},
            "adoption": {"features": [{"app": "copilot"}], "window_days": 7, "min_days": 2},
        }
        answer = self.alice.post("/changes", body | terms)
        assert answer.status_code == 201, answer.get_json()

    def impact(self, role: str, change: str = "copilot", members: Iterable[int] = (), **more: Any) -> None:
        """A role, with some of the people in it since the beginning of 2026."""
        answer = self.alice.post(f"/changes/{change}/roles", {"key": role, "name": role.capitalize(), **more})
        assert answer.status_code == 201, answer.get_json()
        # In one unit of work, because a request for each would be most of what these tests take.
        with self.takehold.command(self.id, "test", "api") as unit:
            impacted = load_change(unit.connection, self.id, change)
            for n in members:
                start = date(2026, 1, 1)
                place_member(unit, impacted, impacted.roles[role], person_of(unit, f"p{n}"), start, None, None)

    def place(self, person: str, role: str = "sales", change: str = "copilot", **dates: Any) -> None:
        answer = self.alice.put(f"/changes/{change}/roles/{role}/members/{person}", dates)
        assert answer.status_code == 204, answer.get_json()

    def expect(self, since: str | None, source: str = "default") -> None:
        """Agrees with a source from which day on it has to report."""
        assert self.alice.put(f"/sources/{source}", {"emails_verified": False, "since": since}).status_code == 204

    def person(self, external: str) -> UUID:
        """The pseudonym of one of the default source's people."""
        with self.takehold.database.read() as connection:
            return find(connection, self.takehold.vault, self.id, [external])[external]

    def events(self, kind: type[Event] = Event) -> list[Recorded]:
        """What was recorded, of one type or of all."""
        with self.takehold.database.read() as connection:
            return [one for one in read(connection, self.id, limit=10_000) if isinstance(one.event, kind)]

    def stored(self) -> dict[str, int]:
        """Number of rows of this workspace by table: equal before and after means that nothing was stored."""
        with self.takehold.database.read() as connection:
            return {
                table.name: connection.scalar(
                    select(func.count()).select_from(table).where(table.c.workspace_id == self.id)
                )
                or 0
                for table in _STORED
            }

    def record(self, stream: UUID, *events: Event) -> None:
        """Records what the service itself would, such as reminders."""
        with self.takehold.command(self.id, "system", "worker") as unit:
            unit.append(stream, events)

    def follow(self) -> None:
        """What the worker does every second."""
        follow(self.takehold, self.workspace)


def at(instant: str) -> time_machine.travel:
    """Stops the clock at an instant, such as 2026-03-26T10:00+01:00."""
    return time_machine.travel(datetime.fromisoformat(instant), tick=False)


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The service on both engines; shared, so a test must stay within workspaces of its own."""
    folder: Path = tmp_path_factory.mktemp("house")
    url = f"sqlite:///{folder / 'takehold.db'}"
    if request.param == "postgres":
        base, name = request.getfixturevalue("postgres_server"), f"house_{uuid4().hex}"
        with psycopg.connect(base, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE takehold_template")
        url = make_url(base).set(database=name).render_as_string(hide_password=False)
    settings = Settings(
        database_url=url, keys_url=f"sqlite:///{folder / 'keys.db'}", slack_base="https://slack.invalid/"
    )
    takehold = Takehold(settings)
    yield House(takehold, create_app(takehold))
    takehold.close()


@pytest.fixture
def office(house: House) -> Office:
    """A workspace of this test's own."""
    return house.office()
