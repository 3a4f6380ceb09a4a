"""How each dialect says the same things on the wire."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from werkzeug.wrappers import Response


@dataclass(frozen=True)
class Said:
    """Somebody used something at an instant, under an id that a retry repeats."""

    id: str
    actor: str
    feature: str
    at: datetime


@dataclass(frozen=True)
class Wire:
    """A request as a client sends it."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Rig:
    """batch: a request of some uses, in the name of a key, with any raw items after them. broken: an item that has no
    place, by the reason it is kept with. taken: asserts that an answer is the one its clients take for success. most:
    bytes of a body that is taken; one more is refused with `refusal`.
    """

    name: str
    batch: Callable[[Sequence[Said], str, Sequence[Any]], Wire]
    broken: Mapping[str, Any]
    taken: Callable[[Response, int], None]
    most: int
    refusal: int = 413


def basic(key: str) -> str:
    return "Basic " + b64encode(f"{key}:".encode()).decode()


def _segment(said: Sequence[Said], key: str, raw: Sequence[Any] = ()) -> Wire:
    messages = [
        {
            "type": "track",
            "messageId": one.id,
            "userId": one.actor,
            "event": one.feature,
            "timestamp": one.at.isoformat(),
            "properties": {"colour": "blue"},
        }
        for one in said
    ]
    body = json.dumps({"batch": [*messages, *raw], "sentAt": "2026-01-01T00:00:00Z"}).encode()
    return Wire("/v1/batch", {"Authorization": basic(key), "Content-Type": "application/json"}, body)


def _segment_took(answer: Response, _: int) -> None:
    assert (answer.status_code, answer.get_json()) == (200, {"success": True})


def _posthog(said: Sequence[Said], key: str, raw: Sequence[Any] = ()) -> Wire:
    events = [
        {
            "event": one.feature,
            "distinct_id": one.actor,
            "uuid": one.id,
            "timestamp": one.at.isoformat(),
            "properties": {"$lib": "posthog-python", "colour": "blue"},
        }
        for one in said
    ]
    body = json.dumps({"batch": [*events, *raw], "sent_at": "2026-01-01T00:00:00Z", "api_key": key}).encode()
    return Wire("/batch/", {"Content-Type": "application/json"}, body)


def _posthog_took(answer: Response, _: int) -> None:
    assert (answer.status_code, answer.get_json()) == (200, {"status": 1})


def _cloudevents(said: Sequence[Said], key: str, raw: Sequence[Any] = ()) -> Wire:
    events = [
        {
            "specversion": "1.0",
            "id": one.id,
            "source": "/assistant",
            "type": one.feature,
            "time": one.at.isoformat(),
            "data": {"actor": one.actor, "colour": "blue"},
        }
        for one in said
    ]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cloudevents-batch+json"}
    return Wire("/v1/cloudevents", headers, json.dumps([*events, *raw]).encode())


def _cloudevents_took(answer: Response, _: int) -> None:
    assert (answer.status_code, answer.data) == (202, b"")


_CLOUDEVENT = {"specversion": "1.0", "id": "x", "source": "/assistant", "type": "asked", "subject": "ada"}

RIGS = (
    Rig(
        "segment",
        _segment,
        {
            "type: not one of track, identify, group, page, screen, alias": {"type": "sing", "userId": "ada"},
            "userId: missing": {"type": "track", "event": "asked"},
            "event: missing": {"type": "track", "userId": "ada", "timestamp": "2026-03-02T09:00:00Z"},
            "event: longer than 128 characters": {"type": "track", "userId": "ada", "event": "x" * 129},
            "timestamp: not an ISO 8601 instant": {"type": "track", "userId": "a", "event": "b", "timestamp": "noon"},
            "message: not an object": "a string",
        },
        _segment_took,
        512_000,
        400,
    ),
    Rig(
        "posthog",
        _posthog,
        {
            "event: missing": {"distinct_id": "ada"},
            "distinct_id: missing": {"event": "asked"},
            "event: longer than 128 characters": {"event": "x" * 129, "distinct_id": "ada"},
            "timestamp: not an ISO 8601 instant": {"event": "asked", "distinct_id": "ada", "timestamp": 1_773_144_000},
            "properties: not an object": {"event": "asked", "distinct_id": "ada", "properties": [1]},
            "properties.alias: missing": {"event": "$create_alias", "distinct_id": "ada"},
            "item: not an object": "a string",
        },
        _posthog_took,
        2**20,
    ),
    Rig(
        "cloudevents",
        _cloudevents,
        {
            "specversion: not 1.0": _CLOUDEVENT | {"specversion": "0.3"},
            "id: missing": _CLOUDEVENT | {"id": ""},
            "source: missing": _CLOUDEVENT | {"source": None},
            "type: missing": _CLOUDEVENT | {"type": " "},
            "time: not an ISO 8601 instant": _CLOUDEVENT | {"time": "noon"},
            "data: not an object": _CLOUDEVENT | {"data": "some text"},
            "data.actor: missing": _CLOUDEVENT | {"subject": None, "data": {}},
            "data.count: not a whole number from 1 to 1,000,000": _CLOUDEVENT | {"data": {"count": 0}},
            "event: not an object": "a string",
        },
        _cloudevents_took,
        2**20,
    ),
)
"""One for each dialect of `service.intake.dialects.registry`."""
