"""A learning system: how it says things, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from events.log import read
from events.types.training import TrainingRecorded
from events.types.trust import FactWithdrawn
from service.intake.dialects.quarantine import counted
from service.intake.xapi.tables import STATEMENT
from service.readmodels.trainings import trainings_in
from service.takehold import Takehold

ADL = "http://adlnet.gov/expapi/verbs/"
CMI5 = "https://w3id.org/xapi/adl/verbs/"
EXTENSIONS = "https://w3id.org/xapi/cmi5/context/extensions/"
COURSE = "https://lms.example.org/courses/basics"
NOON = (datetime.now(UTC) - timedelta(hours=1)).replace(microsecond=0)


def by_account(name: str) -> dict[str, Any]:
    return {"account": {"homePage": "https://lms.example.org", "name": name}}


def by_mail(address: str) -> dict[str, Any]:
    return {"objectType": "Agent", "mbox": f"mailto:{address}"}


def statement(verb: str = "completed", actor: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """p1 took a step of the course that sales are asked to take, an hour ago."""
    return {
        "id": str(uuid4()),
        "actor": actor or by_account("p1"),
        "verb": {"id": verb if ":" in verb else ADL + verb, "display": {"en-US": "did something"}},
        "object": {"id": COURSE, "definition": {"name": {"en-US": "Basics"}}},
        "timestamp": NOON.isoformat(),
        **more,
    }


def voiding(of: dict[str, Any]) -> dict[str, Any]:
    return statement("voided", by_account("admin"), object={"objectType": "StatementRef", "id": of["id"]})


@dataclass
class Lrs:
    """A learning system that holds a key. Every call answers the response."""

    client: FlaskClient
    key: str

    def call(self, method: str, body: Any = None, version: str | None = "1.0.3", **more: Any) -> TestResponse:
        headers = {"X-Experience-API-Version": version} if version else {}
        headers |= more.pop("headers", {})
        auth = more.pop("auth", ("learning", self.key))
        kwargs = {"json": body} if body is not None else {}
        return self.client.open("/xapi/statements", method=method, headers=headers, auth=auth, **kwargs, **more)

    def post(self, *statements: Any) -> TestResponse:
        return self.call("POST", list(statements))

    def put(self, statement: dict[str, Any], id: str | None = None) -> TestResponse:
        return self.call("PUT", statement, query_string={"statementId": id or statement["id"]})

    def get(self, **query: Any) -> TestResponse:
        return self.call("GET", query_string=query)

    def ids(self, **query: Any) -> list[str]:
        answer = self.get(**query)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.get_json()["statements"]]


@dataclass
class Seen:
    """What the service made of it, in the workspace `default`."""

    takehold: Takehold

    def steps(self, course: str = "basics") -> list[tuple[str, float | None]]:
        """Status and score of all that counts, as the reminders read it."""
        self.takehold.catch_up("default")
        with self.takehold.database.read() as connection:
            return [(row.status, row.score) for row in trainings_in(connection, "default", [course])]

    def people(self) -> list[UUID]:
        self.takehold.catch_up("default")
        with self.takehold.database.read() as connection:
            return [row.person_id for row in trainings_in(connection, "default", ["basics"])]

    def facts(self) -> list[str]:
        """Wire names of what was recorded of trainings."""
        with self.takehold.database.read() as connection:
            told = read(connection, "default", limit=5000, types=[TrainingRecorded.wire, FactWithdrawn.wire])
        return [one.event.wire for one in told]

    def held(self) -> dict[str, int]:
        """Reasons of what is in quarantine, and how many statements each has."""
        with self.takehold.database.read() as connection:
            return {row.reason: row.number for row in counted(connection, "default")}

    def stored(self) -> Sequence[Any]:
        with self.takehold.database.read() as connection:
            return connection.execute(select(STATEMENT).order_by(STATEMENT.c.number)).all()
