"""Who may do what: every route by every role, exactly as the access table says, and nobody without a key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.routing import Rule

from service.access import ACCESS, ROLES, Principal, actions_of
from service.apikeys import create_key
from service.app import create_app
from service.directory.tables import API_KEY
from service.intake.dialects.registry import DIALECTS, RECORDERS
from service.openapi import specimen
from service.organisation import create_workspace, issue_key
from service.takehold import Takehold
from tests.service.conftest import Caller

OPEN = {
    "/static/<path:filename>": "style and script of the pages, the same for everybody",
    "/health/live": "asked by what keeps the process running",
    "/health/ready": "asked by what sends requests to it",
    "/metrics": "numbers of requests and deliveries, nobody's",
    "/docs/problems": "what problem codes mean",
    "/": "looks at its own session, and shows nothing without one",
    "/sign-in/<token>": "the token is the key",
    "/sign-out": "ends the session that it comes with",
    "/unsubscribe/<workspace_id>/<token>": "the token is the key",
    **dict.fromkeys(("/flags/", "/flags", "/decide/", "/decide"), "no flag is on, whoever asks; nothing is read"),
    "/array/<key>/config": "the same for everybody",
    "/array/<key>/config.js": "the same for everybody",
    **dict.fromkeys(("/sourceConfig/", "/sourceConfig"), "the same for everybody"),
    "/v1/projects/<key>/settings": "the same for everybody, but for the key they ask with",
    "/v1/m": "how a browser's client fares, which nobody keeps",
    "/xapi/about": "which versions of xAPI are spoken",
}
"""Routes that `allow` does not guard, and why they need not be."""

_VALUES = {
    "change": "nothing",
    "role": "nothing",
    "external_id": "nobody",
    "reminder": uuid4(),
    "event_id": uuid4(),
    "import_id": uuid4(),
    "source": "nothing",
}


def guarded(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Every route that is not open, its methods, and the action it asks for."""
    for rule in app.url_map.iter_rules():
        if rule.rule not in OPEN:
            for method in sorted((rule.methods or set()) - {"OPTIONS"}):
                yield rule, method, getattr(app.view_functions[rule.endpoint], "action", "none")


def call(app: Flask, rule: Rule, method: str, key: str | None) -> Any:
    """Calls a route with an empty body; nothing it names exists. Some dialects have the key in the body."""
    if dialect(rule):
        path, body = rule.rule, b"{}" if key is None else json.dumps({"api_key": key, "batch": []}).encode()
    else:
        values = {name: _VALUES[name] for name in rule.arguments}
        path, body = app.url_map.bind("localhost").build(rule.endpoint, values, method), b""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return app.test_client().open(path, method=method, headers=headers, data=body)


def dialect(rule: Rule) -> bool:
    """Whether a path is one that clients of other systems expect."""
    return rule.endpoint.partition(".")[0] in {dialect.NAME for dialect in (*DIALECTS, *RECORDERS)}


@pytest.fixture(scope="module")
def app() -> Iterator[Flask]:
    """The application, on stores of its own."""
    with specimen() as made:
        create_workspace(made.extensions["takehold"])
        yield made


def test_every_route_asks_for_an_action_of_the_table_or_is_open_for_a_reason(app: Flask) -> None:
    assert {rule.rule: action for rule, _, action in guarded(app) if action not in ACCESS} == {}
    assert {rule.rule for rule in app.url_map.iter_rules()} >= OPEN.keys()


def test_every_action_is_asked_for_somewhere(app: Flask) -> None:
    """An action that no route asks for is a permission that does nothing."""
    asked_inside = {"personal:read", "mailbox:read"}
    assert {action for _, _, action in guarded(app)} | asked_inside == ACCESS.keys()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_exactly_what_the_table_says(app: Flask, role: str) -> None:
    key = issue_key(app.extensions["takehold"], "default", role)
    for rule, method, action in guarded(app):
        status = call(app, rule, method, key).status_code
        if role in ACCESS[action]:
            # Let through, to meet an empty body or something that does not exist.
            assert status in (200, 404, 400 if dialect(rule) else 415), (method, rule.rule, status)
        else:
            assert status == 403, (method, rule.rule, status)


def test_without_a_key_nothing_is_answered_and_no_body_is_looked_at(app: Flask) -> None:
    for rule, method, _ in guarded(app):
        answer = call(app, rule, method, None)
        assert answer.status_code == 401, (method, rule.rule)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        if method != "HEAD":
            assert answer.get_json()["code"] == "unauthenticated"
    # Whether a body is well-formed is not told to strangers either.
    answer = app.test_client().post("/api/v1/changes", data=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 401


def test_the_table_speaks_of_known_roles_only() -> None:
    assert {role for roles in ACCESS.values() for role in roles} == set(ROLES)
    assert actions_of("nobody") == frozenset()


def test_the_table_gives_each_role_what_the_role_is_for() -> None:
    """Said a second time on purpose: a line that opens too much is noticed by whoever has to alter it here as well."""
    looks = {"changes:read", "adoption:read", "adkar:read"}
    acts = {"reminders:read", "reminders:act"}
    assert {role: set(actions_of(role)) for role in ROLES} == {
        "admin": set(ACCESS),
        "champion": looks | acts | {"assessments:write", "stages:write", "trainings:write"},
        "manager": looks | acts,
        "sponsor": looks,
        "viewer": looks,
        "app": {"people:write", "members:write", "trainings:write", "usage:write"},
        "auditor": {"changes:read", "events:read", "quality:read"},
    }


def test_nobody_may_do_what_is_not_in_the_table() -> None:
    principal = Principal("default", "key:x", "admin", "default", frozenset({"world:end"}))
    assert not principal.may("world:end")


def test_scopes_narrow_what_a_role_may_do_and_never_widen_it(takehold: Takehold) -> None:
    app = create_app(takehold)
    scopes = frozenset({"changes:read", "events:read"})
    narrow = Caller(app.test_client(), issue_key(takehold, "default", "viewer", scopes=scopes))
    assert narrow.get("/changes").status_code == 200
    # The role may read adoption, this key may not; the key asked for events, the role may not.
    assert narrow.get("/changes/nothing/adoption").status_code == 403
    assert narrow.get("/events").status_code == 403
    nothing = Caller(app.test_client(), issue_key(takehold, "default", "admin", scopes=frozenset()))
    assert nothing.get("/changes").status_code == 403


def mangled(key: str) -> list[str]:
    last = "a" if key[-1] != "a" else "b"
    return [key[:-1], key + "a", key[:-1] + last, key.upper(), key[3:], f"th_{key}", key.replace("_", "-"), "", "th___"]


def test_a_key_that_was_mangled_is_nobodys(alice: Caller) -> None:
    good = alice.key
    for key in mangled(good):
        alice.key = key
        assert alice.get("/changes").status_code == 401, key
    alice.key = good
    for header in (good, f"Basic {good}", f"Token {good}", "Bearer", "Bearer ", f"Bearer {good} {good}"):
        answer = alice.client.get("/api/v1/changes", headers={"Authorization": header})
        assert answer.status_code == 401, header
    assert alice.client.get("/api/v1/changes", headers={"Authorization": f"bearer  {good} "}).status_code == 200
    assert alice.client.get(f"/api/v1/changes?key={good}").status_code == 401


def test_a_key_expires_and_can_be_revoked(takehold: Takehold, alice: Caller) -> None:
    def made(expires_in: timedelta) -> Caller:
        with takehold.database.write("work", "default") as connection:
            key = create_key(connection, "default", "viewer", expires_at=datetime.now(UTC) + expires_in)
        return Caller(alice.client, key)

    assert made(timedelta(seconds=-1)).get("/changes").status_code == 401
    later = made(timedelta(hours=1))
    assert later.get("/changes").status_code == 200
    with takehold.database.write("work", "default") as connection:
        prefix = later.key.split("_")[1]
        connection.execute(update(API_KEY).where(API_KEY.c.prefix == prefix).values(revoked=True))
    assert later.get("/changes").status_code == 401
    assert alice.get("/changes").status_code == 200


def test_the_first_page_shows_nothing_to_whoever_is_not_signed_in(launched: Caller) -> None:
    """It is open, so that it can say how to sign in."""
    page = launched.client.get("/")
    assert page.status_code == 200
    assert "Copilot" not in page.text
    assert "Sales" not in page.text


def test_a_key_opens_no_page(caller: Callable[..., Caller], launched: Caller) -> None:
    page = launched.client.get("/", headers={"Authorization": f"Bearer {launched.key}"})
    assert "Copilot" not in page.text
