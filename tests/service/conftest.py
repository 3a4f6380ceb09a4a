"""A service on both engines, with a named cast: alice administers, bob champions, charlie may only look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.app import create_app
from service.organisation import create_workspace, issue_key
from service.settings import Settings
from service.takehold import Takehold


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Both stores apart, no mail server, Slack on loopback."""
    return Settings(
        database_url=database_url,
        keys_url=f"sqlite:///{tmp_path / 'keys.db'}",
        slack_base="http://127.0.0.1",
    )


@pytest.fixture
def takehold(settings: Settings) -> Iterator[Takehold]:
    """The service with an empty workspace `default`, whose days are cut in Berlin."""
    opened = Takehold(settings)
    create_workspace(opened, zone="Europe/Berlin")
    yield opened
    opened.close()


@dataclass
class Caller:
    """Somebody with a key: `caller.post("/changes", {...})` speaks to the API."""

    client: FlaskClient
    key: str

    def _call(self, method: str, path: str, **kwargs: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}", **kwargs.pop("headers", {})}
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **kwargs)

    def get(self, path: str, **query: Any) -> TestResponse:
        return self._call("GET", path, query_string=query)

    def post(self, path: str, body: Any = None, **kwargs: Any) -> TestResponse:
        return self._call("POST", path, **({"json": body} if body is not None else {}), **kwargs)

    def put(self, path: str, body: Any) -> TestResponse:
        return self._call("PUT", path, json=body)

    def patch(self, path: str, body: Any) -> TestResponse:
        return self._call("PATCH", path, json=body)


@pytest.fixture
def caller(takehold: Takehold) -> Callable[..., Caller]:
    """Makes a caller of a role, in the workspace `default` or another."""
    app = create_app(takehold)

    def make(role: str, workspace: str = "default", source: str = "default") -> Caller:
        return Caller(app.test_client(), issue_key(takehold, workspace, role, source))

    return make


@pytest.fixture
def alice(caller: Callable[..., Caller]) -> Caller:
    """Administers."""
    return caller("admin")


@pytest.fixture
def bob(caller: Callable[..., Caller]) -> Caller:
    """Champions a change."""
    return caller("champion")


@pytest.fixture
def charlie(caller: Callable[..., Caller]) -> Caller:
    """May only look."""
    return caller("viewer")


@pytest.fixture
def launched(alice: Caller) -> Caller:
    """Alice, after she announced p1 to p12 and a change `copilot` with one role `sales` for them all."""
    people = [{"external_id": f"p{n}", "email": f"p{n}@example.org", "name": f"Person {n}"} for n in range(1, 13)]
    assert alice.post("/people", people).get_json()["stored"] == 12
    change = {
        "key": "copilot",
        "name": "Copilot",
        "go_live": "2026-03-02",
        "target": {"rate": 0.8, "by": "2026-09-01"},
        "adoption": {"features": [{"app": "copilot"}]},
        "sponsor": "p1",
    }
    assert alice.post("/changes", change).status_code == 201
    role = {"key": "sales", "name": "Sales", "manager": "p1", "courses": ["basics"]}
    assert alice.post("/changes/copilot/roles", role).status_code == 201
    for n in range(1, 13):
        placed = alice.put(f"/changes/copilot/roles/sales/members/p{n}", {"from": "2026-01-01"})
        assert placed.status_code == 204
    return alice
