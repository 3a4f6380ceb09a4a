"""What holds for every dialect: durable, deduplicated, judged item by item, and never more than was sent."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from events.connect import open_database
from events.tables import FEATURE, USAGE
from service.app import create_app
from service.intake.dialects.quarantine import MOST_KEPT, counted
from service.intake.dialects.registry import DIALECTS
from service.organisation import issue_key
from service.takehold import Takehold
from tests.service.intake.dialects.rigs import RIGS, Rig, Said, Wire

NOW = datetime.now(UTC).replace(microsecond=0)


def said(*ids: str, **changed: object) -> list[Said]:
    return [replace(Said(id, f"actor of {id}", "asked", NOW - timedelta(hours=1)), **changed) for id in ids]  # type: ignore[arg-type]


@pytest.fixture(params=RIGS, ids=[rig.name for rig in RIGS])
def rig(request: pytest.FixtureRequest) -> Rig:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def client(takehold: Takehold) -> FlaskClient:
    return create_app(takehold).test_client()


@pytest.fixture
def key(takehold: Takehold) -> str:
    return issue_key(takehold, "default", "app", "assistant")


def send(client: FlaskClient, wire: Wire) -> TestResponse:
    return client.post(wire.path, data=wire.body, headers=dict(wire.headers))


def stored(takehold: Takehold) -> int:
    with takehold.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(USAGE)) or 0


def held(takehold: Takehold) -> dict[str, int]:
    """Reasons of what is in quarantine, and how many items each has."""
    with takehold.database.read() as connection:
        return {row.reason: row.number for row in counted(connection, "default")}


def test_every_dialect_has_a_rig() -> None:
    assert [rig.name for rig in RIGS] == [dialect.NAME for dialect in DIALECTS]


def test_what_is_good_is_stored_as_it_was_said(rig: Rig, client: FlaskClient, key: str, takehold: Takehold) -> None:
    rig.taken(send(client, rig.batch(said("a", "b"), key, ())), 2)
    assert stored(takehold) == 2
    with takehold.database.read() as connection:
        [feature] = connection.execute(select(FEATURE)).all()
        instants = set(connection.scalars(select(USAGE.c.occurred_ms)))
    assert (feature.app, feature.name, feature.kind, feature.grain) == ("assistant", "asked", "use", "instant")
    assert instants == {int((NOW - timedelta(hours=1)).timestamp() * 1000)}
    assert held(takehold) == {}


def test_a_retry_stores_nothing_again(rig: Rig, client: FlaskClient, key: str, takehold: Takehold) -> None:
    for _ in range(3):
        rig.taken(send(client, rig.batch(said("a", "b"), key, ())), 2)
    rig.taken(send(client, rig.batch(said("b", "c", "c"), key, ())), 3)
    assert stored(takehold) == 3


def test_of_a_batch_that_is_half_bad_the_good_half_is_stored_and_the_rest_kept_once(
    rig: Rig, client: FlaskClient, key: str, takehold: Takehold
) -> None:
    for _ in range(2):
        rig.taken(send(client, rig.batch(said("a", "b"), key, list(rig.broken.values()))), 2 + len(rig.broken))
    assert stored(takehold) == 2
    assert held(takehold) == dict.fromkeys(rig.broken, 1)


def test_clocks_that_are_far_off_are_told_of(rig: Rig, client: FlaskClient, key: str, takehold: Takehold) -> None:
    early, late = said("a", at=NOW - timedelta(days=400)), said("b", at=NOW + timedelta(days=2))
    rig.taken(send(client, rig.batch([*early, *late], key, ())), 2)
    assert stored(takehold) == 0
    assert held(takehold) == {"too_old": 1, "too_far_ahead": 1}


@pytest.mark.parametrize("wrong", ["", "th_nonsense", "viewer"])
def test_without_a_key_that_may_post_nothing_is_stored(
    rig: Rig, client: FlaskClient, wrong: str, takehold: Takehold
) -> None:
    wrong = issue_key(takehold, "default", "viewer") if wrong == "viewer" else wrong
    answer = send(client, rig.batch(said("a"), wrong, ()))
    assert answer.status_code in (401, 403)
    assert answer.get_json()["code"] in ("unauthenticated", "forbidden")
    assert stored(takehold) == 0


@pytest.mark.parametrize(
    "labels",
    [
        {"Content-Encoding": "gzip"},
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ],
    ids=["as it should be", "not said", "as text", "as a form"],
)
def test_gzip_is_read_however_it_is_labelled(
    rig: Rig, client: FlaskClient, key: str, labels: dict[str, str], takehold: Takehold
) -> None:
    wire = rig.batch(said("a"), key, ())
    rig.taken(send(client, Wire(wire.path, {**wire.headers, **labels}, gzip.compress(wire.body))), 1)
    assert stored(takehold) == 1


def test_a_body_that_breaks_off_stores_nothing(rig: Rig, client: FlaskClient, key: str, takehold: Takehold) -> None:
    wire = rig.batch(said("a"), key, ())
    for body in (wire.body[:-2], gzip.compress(wire.body)[:-4], b"", b"\x1f\x8b"):
        answer = send(client, Wire(wire.path, wire.headers, body))
        assert answer.status_code == 400, answer.text
        assert answer.get_json()["code"]
    assert stored(takehold) == 0


def test_a_body_that_is_too_large_is_refused_as_its_clients_expect(
    rig: Rig, client: FlaskClient, key: str, takehold: Takehold
) -> None:
    wire = rig.batch(said("a"), key, ())
    for size, status in ((rig.most, None), (rig.most + 1, rig.refusal)):
        answer = send(client, Wire(wire.path, wire.headers, wire.body + b" " * (size - len(wire.body))))
        if status is None:
            rig.taken(answer, 1)
        else:
            assert answer.status_code == status, answer.text
    assert stored(takehold) == 1


def test_a_body_in_chunks_is_read_to_its_end(rig: Rig, client: FlaskClient, key: str, takehold: Takehold) -> None:
    wire = rig.batch(said("a", "b"), key, ())
    whole = {"wsgi.input": BytesIO(wire.body), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    headers = {**wire.headers, "Transfer-Encoding": "chunked"}
    rig.taken(client.post(wire.path, headers=headers, environ_overrides=whole), 2)
    assert stored(takehold) == 2
    whole = {"wsgi.input": BytesIO(wire.body + b" " * 2**21), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    answer = client.post(wire.path, headers=headers, environ_overrides=whole)
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too_large")


def test_a_busy_store_asks_to_come_back(rig: Rig, client: FlaskClient, key: str, takehold: Takehold) -> None:
    rig.taken(send(client, rig.batch(said("a"), key, ())), 1)
    patient, takehold.database = takehold.database, open_database(takehold.database.url, lock_seconds=0.1)
    try:
        with patient.write("usage", "default"):
            answer = send(client, rig.batch(said("b"), key, ()))
    finally:
        takehold.database.close()
        takehold.database = patient
    assert (answer.status_code, answer.get_json()["code"]) == (503, "busy")
    assert int(answer.headers["Retry-After"]) >= 1
    assert stored(takehold) == 1


def test_only_so_much_is_kept_of_what_has_no_place(
    rig: Rig, client: FlaskClient, key: str, takehold: Takehold, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_KEPT >= 1000
    monkeypatch.setattr("service.intake.dialects.quarantine.MOST_KEPT", 2)
    for reason, broken in rig.broken.items():
        rig.taken(send(client, rig.batch([], key, [broken])), 1)
        assert reason in held(takehold)
    assert sum(held(takehold).values()) <= 2
