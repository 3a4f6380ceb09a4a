"""What Segment's and RudderStack's clients do beyond what every dialect is held to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.intake.dialects.segment import BATCH_BYTES, MESSAGE_BYTES, read
from service.intake.store import Use
from service.organisation import issue_key
from service.settings import Settings
from service.takehold import Takehold
from tests.service.intake.dialects.rigs import basic

EARLY, LATE = "2026-03-02T09:00:00Z", "2026-03-09T09:00:00Z"
OF_NODE = {"channel": "server", "context": {"library": {"name": "analytics-node", "version": "3.0.13"}}}
"""What rudder-sdk-node says of itself: nothing that holds its maker's name."""


@pytest.fixture
def client(takehold: Takehold) -> FlaskClient:
    return create_app(takehold).test_client()


@pytest.fixture
def key(takehold: Takehold) -> str:
    return issue_key(takehold, "default", "app", "assistant")


def message(**more: Any) -> dict[str, Any]:
    return {"type": "track", "messageId": "a", "userId": "ada", "event": "asked", **more}


@pytest.mark.parametrize(
    ("said", "instant"),
    [
        # RudderStack's client for Node adds originalTimestamp, which is when it was told, to what the app says.
        ({"timestamp": EARLY, "originalTimestamp": LATE}, EARLY),
        ({"originalTimestamp": EARLY, "sentAt": LATE}, EARLY),
        ({"timestamp": EARLY, "sentAt": LATE}, EARLY),
        ({"sentAt": LATE}, None),
    ],
)
def test_the_instant_is_what_the_app_says_before_what_the_client_says(
    said: dict[str, str], instant: str | None
) -> None:
    [use] = read(message(**said), "assistant")
    assert isinstance(use, Use)
    assert use.occurred_ms == (instant and int(datetime.fromisoformat(instant).timestamp() * 1000))


@pytest.mark.parametrize("said", [OF_NODE, {"context": {"library": {"name": "rudder-analytics-python"}}}])
def test_what_is_too_large_for_segment_is_taken_of_rudderstack_whose_client_would_end_the_app(
    said: dict[str, Any], client: FlaskClient, key: str
) -> None:
    for path, sent, size in (
        ("/v1/track", message(**said), MESSAGE_BYTES),
        ("/v1/batch", {"batch": [message(**said)]}, BATCH_BYTES),
    ):
        answer = client.post(path, json={**sent, "padding": "x" * size}, headers={"Authorization": basic(key)})
        assert (answer.status_code, answer.get_json()) == (200, {"success": True})


def test_a_page_may_read_every_answer_and_send_what_its_client_adds_to_a_retry(client: FlaskClient) -> None:
    # As browsers ask, by what the clients send: analytics-next 1.84 and RudderStack's analytics-js 3.34.
    for names in (
        {"authorization", "content-type", "x-retry-count"},
        {"anonymousid", "authorization", "content-type", "sentat", "rsa-recovered"},
        {"rsa-retry-attempt", "rsa-retry-reason", "rsa-since-first-attempt", "rsa-since-last-attempt"},
    ):
        answer = client.options(
            "/v1/track",
            headers={"Origin": "https://app.example.org", "Access-Control-Request-Headers": ",".join(sorted(names))},
        )
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert names <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))


@pytest.mark.parametrize("path", ["/sourceConfig/", "/sourceConfig"])
def test_rudderstacks_browser_client_is_told_to_send_events_and_nothing_else(path: str, client: FlaskClient) -> None:
    answer = client.get(path, query_string={"p": "npm", "v": "3.34.1", "writeKey": "th_of_a_page"})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    source = answer.get_json()["source"]
    assert (source["enabled"], source["writeKey"], source["destinations"]) == (True, "th_of_a_page", [])
    assert source["config"] == {"statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}}


@pytest.mark.parametrize(
    ("public_url", "protocol", "host"),
    [
        ("https://takehold.example.org", "https", "takehold.example.org/v1"),
        ("http://127.0.0.1:8123/adoption/", "http", "127.0.0.1:8123/adoption/v1"),
    ],
)
def test_segments_browser_client_is_told_to_send_events_here_and_nothing_else(
    public_url: str, protocol: str, host: str, settings: Settings
) -> None:
    opened = Takehold(settings.model_copy(update={"public_url": public_url}))
    try:
        # The Host of a request is whatever its sender writes there.
        headers = {"Host": "evil.example.org"}
        answer = create_app(opened).test_client().get("/v1/projects/th_x/settings", headers=headers)
    finally:
        opened.close()
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    told = answer.get_json()
    assert told["integrations"] == {"Segment.io": {"apiKey": "th_x", "apiHost": host, "protocol": protocol}}
    assert (told["remotePlugins"], told["metrics"]) == ([], {"sampleRate": 0})


def test_what_segments_browser_client_tells_of_itself_is_answered_and_forgotten(client: FlaskClient) -> None:
    answer = client.post("/v1/m", data='{"series": [{"metric": "analytics_js.invoke"}]}', content_type="text/plain")
    assert (answer.status_code, answer.get_json()) == (200, {"success": True})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
