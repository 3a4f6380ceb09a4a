"""CloudEvents in the three modes of HTTP: what comes alone and is none is refused, the rest is judged one by one."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from events.tables import FEATURE, USAGE
from service.app import create_app
from service.intake.dialects.cloudevents import read
from service.intake.dialects.quarantine import counted
from service.intake.store import Use
from service.organisation import issue_key
from service.takehold import Takehold

NOW = datetime.now(UTC).replace(microsecond=0)
EVENT = {"specversion": "1.0", "id": "1", "source": "/assistant", "type": "asked", "time": NOW.isoformat()}
JSON = "application/cloudevents+json"


@pytest.fixture
def client(takehold: Takehold) -> FlaskClient:
    return create_app(takehold).test_client()


@pytest.fixture
def key(takehold: Takehold) -> str:
    return issue_key(takehold, "default", "app", "assistant")


def post(client: FlaskClient, key: str, body: Any, kind: str | None = JSON, **attributes: str) -> tuple[int, Any]:
    """Status and problem of a request; attributes become headers."""
    headers = {f"ce-{name}": value for name, value in attributes.items()}
    headers |= {"Authorization": f"Bearer {key}"} | ({} if kind is None else {"Content-Type": kind})
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = client.post("/v1/cloudevents", data=data, headers=headers)
    return answer.status_code, answer.get_json(silent=True)


def stored(takehold: Takehold) -> list[tuple[str, int, int]]:
    """App and feature, count and instant of each observation."""
    with takehold.database.read() as connection:
        rows = connection.execute(
            select(FEATURE.c.app, FEATURE.c.name, USAGE.c.count, USAGE.c.occurred_ms)
            .join(FEATURE, FEATURE.c.feature_id == USAGE.c.feature_id)
            .order_by(USAGE.c.seq)
        )
        return [(f"{row.app} {row.name}", row[2], row.occurred_ms) for row in rows]


def held(takehold: Takehold) -> dict[str, int]:
    with takehold.database.read() as connection:
        return {row.reason: row.number for row in counted(connection, "default")}


def said(**changed: Any) -> Use:
    [use] = read({**EVENT, "subject": "ada", **changed}, "assistant")
    assert isinstance(use, Use)
    return use


def test_the_same_event_in_all_three_modes_is_stored_once(client: FlaskClient, key: str, takehold: Takehold) -> None:
    data = {"actor": "ada", "count": 3}
    assert post(client, key, {**EVENT, "data": data}) == (202, None)
    assert post(client, key, data, "application/json; charset=utf-8", **EVENT) == (202, None)
    assert post(client, key, [{**EVENT, "data": data}] * 2, "application/cloudevents-batch+json") == (202, None)
    # The same id of another source is another event.
    assert post(client, key, {**EVENT, "source": "/other", "data": data}) == (202, None)
    assert stored(takehold) == [("assistant asked", 3, int(NOW.timestamp() * 1000))] * 2


def test_headers_are_percent_decoded(client: FlaskClient, key: str, takehold: Takehold) -> None:
    attributes = {**EVENT, "type": "nach%C3%BCte%20%22x%22%25", "subject": "Z%C3%B6e"}
    assert post(client, key, b"", None, **attributes)[0] == 202
    assert [name for name, _, _ in stored(takehold)] == ['assistant nachüte "x"%']
    assert post(client, key, b"", None, **{**EVENT, "id": "2", "type": "a%00b", "subject": "ada"})[0] == 202
    assert held(takehold) == {"type: holds a control character": 1}


def test_who_acted_is_looked_for_where_it_is_said_most_plainly() -> None:
    data = {"actor": "a", "userId": "u"}
    assert said(data=data, authid="x").actor == "a"
    assert said(data={"userId": "u"}, authid="x").actor == "u"
    assert said(data={}, authid="x").actor == "x"
    assert said().actor == "ada"
    assert said(data={"app": "writer"}).app == "writer"
    assert said(time=None).occurred_ms is None
    assert said(time="2026-03-02T09:00:00.123456789Z").occurred_ms == 1_772_442_000_123


@pytest.mark.parametrize("missing", ["id", "source", "type", "specversion"])
def test_what_comes_alone_and_is_no_cloudevent_is_refused_by_the_name_of_what_it_lacks(
    missing: str, client: FlaskClient, key: str, takehold: Takehold
) -> None:
    rest = {name: value for name, value in EVENT.items() if name != missing}
    status, problem = post(client, key, {**rest, "subject": "ada"})
    assert (status, problem["code"], [one["field"] for one in problem["errors"]]) == (400, "invalid_event", [missing])
    status, problem = post(client, key, b"", None, **rest, subject="ada")
    assert (status, [one["field"] for one in problem["errors"]]) == (400, [f"ce-{missing}"])
    assert post(client, key, [{**rest, "subject": "ada"}]) == (202, None)
    assert stored(takehold) == []
    reason = "specversion: not 1.0" if missing == "specversion" else f"{missing}: missing"
    assert held(takehold) == {reason: 1}


@pytest.mark.parametrize("body", [7, "x", None, {}, {"events": []}])
def test_other_json_is_refused(body: Any, client: FlaskClient, key: str) -> None:
    for kind in (JSON, "application/json"):
        status, problem = post(client, key, body, kind)
        assert (status, problem["code"]) == (400, "invalid_event")


@pytest.mark.parametrize("kind", ["application/cloudevents+xml", "application/cloudevents-batch+avro"])
def test_other_formats_are_refused(kind: str, client: FlaskClient, key: str) -> None:
    status, problem = post(client, key, b"x", kind)
    assert (status, problem["code"]) == (415, "unsupported_media_type")


def test_data_that_is_no_object_has_no_place(client: FlaskClient, key: str, takehold: Takehold) -> None:
    attributes = {**EVENT, "subject": "ada"}
    assert post(client, key, b"[1]", "application/json", **attributes)[0] == 202
    assert post(client, key, b"\x00\xff", "application/octet-stream", **{**attributes, "id": "2"})[0] == 202
    assert post(client, key, {**attributes, "id": "3", "data_base64": "?"})[0] == 202
    assert held(takehold) == {"data: not an object": 3}
    assert stored(takehold) == []
    status, problem = post(client, key, b"{", "application/json", **attributes)
    assert (status, problem["code"]) == (400, "bad_json")


def test_an_object_that_was_sent_as_bytes_is_an_object() -> None:
    assert said(data_base64=b64encode(b'{"actor": "grace"}').decode()).actor == "grace"


@pytest.mark.parametrize("count", [0, -1, 1_000_001, 1.5, "3", True, None])
def test_a_count_is_a_whole_number(count: Any, client: FlaskClient, key: str, takehold: Takehold) -> None:
    assert post(client, key, {**EVENT, "subject": "ada", "data": {"count": count}})[0] == 202
    assert held(takehold) == {"data.count: not a whole number from 1 to 1,000,000": 1}


def test_the_key_may_be_a_user_name_too(client: FlaskClient, key: str, takehold: Takehold) -> None:
    for user in (f"{key}:", f"broker:{key}"):
        basic = {"Authorization": "Basic " + b64encode(user.encode()).decode(), "Content-Type": JSON}
        answer = client.post("/v1/cloudevents", json={**EVENT, "id": user, "subject": "ada"}, headers=basic)
        assert answer.status_code == 202
    assert len(stored(takehold)) == 2


def test_it_is_for_servers_so_a_page_may_not_ask(client: FlaskClient) -> None:
    for answer in (client.options("/v1/cloudevents"), client.post("/v1/cloudevents", data=b"")):
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("rate", [{}, {"WebHook-Request-Rate": "120"}])
def test_a_broker_that_asks_whether_it_may_deliver_is_told_so(rate: dict[str, str], client: FlaskClient) -> None:
    asked = {"WebHook-Request-Origin": "broker.example.org", **rate}
    answer = client.options("/v1/cloudevents", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["WebHook-Allowed-Origin"] == answer.headers["WebHook-Allowed-Rate"] == "*"
    assert "POST" in answer.headers["Allow"]


def test_consent_to_deliveries_is_no_answer_to_a_page_nor_to_a_delivery(client: FlaskClient) -> None:
    preflight = {"Origin": "https://app.example.org", "Access-Control-Request-Method": "POST"}
    broker = {"WebHook-Request-Origin": "broker.example.org"}
    told = client.options("/v1/cloudevents", headers={**preflight, **broker})
    assert told.headers["WebHook-Allowed-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in told.headers
    for answer in (
        client.options("/v1/cloudevents", headers=preflight),
        client.post("/v1/cloudevents", json={**EVENT, "subject": "ada"}, headers=broker),
    ):
        assert not [name for name, _ in answer.headers if name.startswith("WebHook")]


def test_a_delivery_needs_a_key_though_it_was_consented_to(client: FlaskClient, key: str, takehold: Takehold) -> None:
    event = {**EVENT, "subject": "ada"}
    broker = {"WebHook-Request-Origin": "broker.example.org", "Content-Type": JSON}
    assert client.post("/v1/cloudevents", json=event, headers=broker).status_code == 401
    assert stored(takehold) == []
    delivered = client.post("/v1/cloudevents", json=event, headers={**broker, "Authorization": f"Bearer {key}"})
    assert delivered.status_code == 202
    assert len(stored(takehold)) == 1
