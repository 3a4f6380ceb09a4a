"""PostHog's clients as they really write: forms, lists, keys in many places, and questions with a harmless answer."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from events.tables import FEATURE, USAGE
from service.app import create_app
from service.intake.dialects.messages import Identity
from service.intake.dialects.posthog import read
from service.intake.store import Use
from service.organisation import issue_key
from service.takehold import Takehold

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def client(takehold: Takehold) -> FlaskClient:
    return create_app(takehold).test_client()


@pytest.fixture
def key(takehold: Takehold) -> str:
    return issue_key(takehold, "default", "app", "assistant")


def event(**changed: Any) -> dict[str, Any]:
    return {"event": "asked", "distinct_id": "ada", "timestamp": NOW.isoformat(), "uuid": "1", **changed}


def stored(takehold: Takehold) -> list[tuple[str, str, int]]:
    """Feature, kind and instant of each observation."""
    with takehold.database.read() as connection:
        rows = connection.execute(
            select(FEATURE.c.name, FEATURE.c.kind, USAGE.c.occurred_ms)
            .join(FEATURE, FEATURE.c.feature_id == USAGE.c.feature_id)
            .order_by(USAGE.c.seq)
        )
        return [(row.name, row.kind, row.occurred_ms) for row in rows]


def said(**changed: Any) -> list[Use | Identity]:
    return list(read(event(**changed), "assistant"))


@pytest.mark.parametrize("path", ["/batch/", "/batch", "/capture/", "/e/", "/i/v0/e/", "/track/", "/i/v0/ai/batch/"])
@pytest.mark.parametrize(
    "body",
    [
        lambda key: {"api_key": key, **event()},
        lambda key: {"token": key, "batch": [event()]},
        lambda key: {"batch": [event(api_key=key)]},
        lambda key: [event(properties={"token": key})],
        lambda key: event(properties={"token": key}),
    ],
    ids=["an event", "a batch", "the key in an event", "a list", "the key in the properties"],
)
def test_every_shape_is_taken_at_every_path(
    path: str, body: Any, client: FlaskClient, key: str, takehold: Takehold
) -> None:
    for _ in range(2):
        answer = client.post(path, json=body(key))
        assert (answer.status_code, answer.get_json()) == (200, {"status": 1})
    assert stored(takehold) == [("asked", "use", int(NOW.timestamp() * 1000))]


def test_browsers_send_gzip_as_text_and_forms_in_base64(client: FlaskClient, key: str, takehold: Takehold) -> None:
    # Enough of them that the base64 has both of its characters that a form writes otherwise.
    bodies = [json.dumps({"api_key": key, **event(uuid=f"{n} ~?ÿ>", note="~~~???>>>")}).encode() for n in range(4)]
    assert b"+" in b64encode(bodies[1] + b"\xfb") + b64encode("ûûû".encode())
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for data, headers in (
        (gzip.compress(bodies[0]), {"Content-Type": "text/plain"}),
        (b"data=" + quote(b64encode(bodies[1])).encode(), form),
        (b"data=" + b64encode(bodies[2]) + b"&compression=base64", form),
        (b"data=" + quote(bodies[3]).encode(), form),
    ):
        answer = client.post("/e/?compression=gzip-js&_=1", data=data, headers=headers)
        assert (answer.status_code, answer.get_json()) == (200, {"status": 1}), answer.text
    assert len(stored(takehold)) == 4
    answer = client.post("/e/", data=b"data=b64!", headers=form)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_json")


@pytest.mark.parametrize("body", [{"batch": 7}, {"batch": {"event": "asked"}}, {"colour": "red"}])
def test_a_body_without_events_is_refused_once_the_key_is_known(client: FlaskClient, key: str, body: Any) -> None:
    answer = client.post("/batch/", json={"api_key": key, **body})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_batch")
    assert client.post("/batch/", json=body).status_code == 401


@pytest.mark.parametrize("body", [7, "x", [], [7], {"batch": [7]}, {"api_key": 7}, {"properties": []}])
def test_a_body_without_a_key_is_nobodys(client: FlaskClient, body: Any) -> None:
    assert client.post("/batch/", json=body).status_code == 401


def test_what_the_browser_queues_keeps_the_time_in_its_uuid(client: FlaskClient, key: str, takehold: Takehold) -> None:
    made = int((NOW - timedelta(minutes=5)).timestamp() * 1000)
    uuid = str(UUID(int=(made << 80) | (7 << 76) | (0b10 << 62) | 1))
    queued = {"event": "asked", "uuid": uuid, "properties": {"distinct_id": "ada", "token": key}}
    for offset in (3000, 9000):
        client.post("/e/", json=[{**queued, "offset": offset}])
    assert stored(takehold) == [("asked", "use", made)]


def test_without_any_time_the_arrival_counts_and_a_retry_is_still_known(
    client: FlaskClient, key: str, takehold: Takehold
) -> None:
    for uuid in ("1", "6f1c2a34-0000-4000-8000-000000000000", None):
        for sent_at in ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"):
            client.post("/e/", json={"api_key": key, **event(timestamp=None, uuid=uuid), "sent_at": sent_at})
    with takehold.database.read() as connection:
        rows = connection.execute(select(USAGE.c.occurred_ms, USAGE.c.received_ms)).all()
    assert len(rows) == 3
    assert all(row.occurred_ms == row.received_ms for row in rows)


def test_who_is_who_is_taken_from_the_events_that_say_it() -> None:
    before = {"$anon_distinct_id": "018f-anonymous"}
    identified = said(event="$identify", properties=before, **{"$set": {"email": "ada@example.org"}})
    assert identified == [Identity("ada", "ada@example.org"), Identity("018f-anonymous", same_as="ada")]
    # posthog-node has $set among the properties.
    assert said(event="$identify", properties={"$set": {"email": "a@b.org"}}) == [Identity("ada", "a@b.org")]
    assert said(event="$set", **{"$set": {"email": "a@b.org"}}) == [Identity("ada", "a@b.org")]
    assert said(event="$create_alias", properties={"alias": "visitor"}) == [Identity("visitor", same_as="ada")]


@pytest.mark.parametrize("name", ["$groupidentify", "$feature_flag_called", "$set", "$set_once", "$snapshot"])
def test_what_is_no_concern_of_ours_leaves_no_trace(name: str) -> None:
    assert said(event=name, **{"$set": {"plan": "team"}}) == []
    assert list(read({"event": name, "distinct_id": "ada"}, "assistant")) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [("$pageview", "passive"), ("$autocapture", "passive"), ("$ai_generation", "passive"), ("a", "use")],
)
def test_what_the_client_notices_by_itself_is_passive(name: str, kind: str) -> None:
    [use] = said(event=name, properties={"app": "writer"})
    assert isinstance(use, Use)
    assert (use.feature, use.kind, use.app) == (name, kind, "writer")


def test_the_newer_path_answers_for_each_event(client: FlaskClient, key: str, takehold: Takehold) -> None:
    events = [event(), event(uuid="2", distinct_id=""), event(uuid=None)]
    for _ in range(2):
        answer = client.post(
            "/i/v1/analytics/events", json={"batch": events}, headers={"Authorization": f"Bearer {key}"}
        )
        assert (answer.status_code, answer.get_json()) == (
            200,
            {"results": {"1": {"result": "ok"}, "2": {"result": "warning", "details": "distinct_id: missing"}}},
        )
    assert len(stored(takehold)) == 2
    assert client.post("/i/v1/analytics/events", json={"api_key": key, "batch": events}).status_code == 401


@pytest.mark.parametrize("path", ["/flags/?v=2", "/flags?v=4", "/decide/?v=3"])
def test_no_feature_flag_is_on(path: str, client: FlaskClient) -> None:
    for data in (b'{"token": "th_x", "distinct_id": "ada"}', b"", gzip.compress(b"{}"), b"data=e30%3D"):
        answer = client.post(path, data=data, headers={"Content-Type": "text/plain"})
        assert answer.status_code == 200
        told = answer.get_json()
        assert (told["flags"], told["featureFlags"], told["errorsWhileComputingFlags"]) == ({}, {}, False)
        assert "quotaLimited" not in told


def test_the_browser_client_is_told_to_do_nothing_but_send_events(client: FlaskClient) -> None:
    told = client.get("/array/th_x/config").get_json()
    assert told["token"] == "th_x"
    assert told["supportedCompression"] == ["gzip", "gzip-js"]
    assert told["analytics"] == {"endpoint": "/i/v0/e/"}
    on = [name for name in ("hasFeatureFlags", "sessionRecording", "surveys", "heatmaps") if told[name] is not False]
    assert on == []


def test_the_configuration_is_a_script_in_which_nothing_can_be_put(client: FlaskClient) -> None:
    answer = client.get('/array/x"};alert(1);%E2%80%A8/config.js')
    assert answer.mimetype == "text/javascript"
    assert r'all["x\"};alert(1);\u2028"] = ' in answer.text
    script = client.get("/array/th_x/config.js").text
    config = script.partition("{config: ")[2].partition(", siteApps: []};")[0]
    assert json.loads(config) == client.get("/array/th_x/config").get_json()


@pytest.mark.parametrize("path", ["/batch/", "/e/", "/i/v1/analytics/events", "/flags/", "/array/th_x/config"])
def test_pages_of_any_origin_may_ask(path: str, client: FlaskClient) -> None:
    asked = {
        "Origin": "https://app.example.org",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,posthog-sdk-info",
    }
    preflight = client.options(path, headers=asked)
    assert preflight.status_code == 200
    allowed = preflight.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "content-type", "content-encoding", "posthog-sdk-info"} <= set(allowed)
    method = "GET" if "config" in path else "POST"
    answer = client.open(path, method=method, headers={"Origin": "https://app.example.org"}, data=b"{}")
    # What went wrong too: without it the page sees a network that fails.
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
