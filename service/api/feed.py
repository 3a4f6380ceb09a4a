"""The event feed, for those who build on it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from threading import BoundedSemaphore
from typing import Any

import msgspec
from marshmallow import Schema, fields
from marshmallow.validate import OneOf, Range

from events.catalog import CATALOG
from events.envelope import Recorded
from events.log import head, read
from service.api.context import allow, principal, takehold
from service.http.blueprint import Blueprint
from service.http.problem import Problem

blp = Blueprint("events", __name__, description="What happened, in order.")
_LARGEST = 2**63 - 1
_LONGEST_WAIT = 20
"""Not beyond the time that the server gives requests to end in when it is stopped."""
_PAUSE_SECONDS = 0.2
_SEATS = BoundedSemaphore(64)
"""How many wait in one process: each takes one of the server's 512 threads, and looks five times a second."""


class FeedQuerySchema(Schema):
    after = fields.Integer(load_default=0, validate=Range(0, _LARGEST), metadata={"description": "Last position seen."})
    type = fields.String(validate=OneOf([kind.wire for kind in CATALOG]))
    stream = fields.UUID()
    limit = fields.Integer(load_default=100, validate=Range(1, 1000))
    wait = fields.Float(
        load_default=0.0,
        validate=Range(0, _LONGEST_WAIT),
        metadata={"description": "Seconds to wait for an event where there is none yet."},
    )


class EventSchema(Schema):
    """An event; people are pseudonyms and free text is sealed."""

    position = fields.Integer(required=True)
    type = fields.String(required=True)
    version = fields.Integer(required=True)
    event_id = fields.UUID(required=True)
    stream = fields.UUID(required=True, allow_none=True)
    stream_version = fields.Integer(required=True)
    actor = fields.String(required=True)
    via = fields.String(required=True)
    occurred_at = fields.DateTime(required=True)
    recorded_at = fields.DateTime(required=True)
    hash = fields.String(required=True)
    data = fields.Dict(required=True)
    veiled = fields.Boolean(
        required=True, metadata={"description": "It is about one person, and this key may not read such things."}
    )


class FeedSchema(Schema):
    events = fields.List(fields.Nested(EventSchema), required=True)
    next = fields.Integer(required=True, metadata={"description": "Pass it as `after` to go on."})


@blp.route("/events", methods=["GET"])
@allow("events:read")
@blp.arguments(FeedQuerySchema, location="query")
@blp.response(200, FeedSchema)
def get_events(query: dict[str, Any]) -> dict[str, Any]:
    """Events after a position, oldest first"""
    found = _first(query) if query["wait"] else _look(query, query["after"])[0]
    return {"events": [_shown(one) for one in found], "next": found[-1].position if found else query["after"]}


def _shown(one: Recorded) -> dict[str, Any]:
    """An event as this reader may see it: what is about one person is for those who may read personal things."""
    names = ("position", "event_id", "stream_version", "actor", "via", "occurred_at", "recorded_at", "hash")
    shown = {"type": one.event.wire, "version": one.event.version, **{name: getattr(one, name) for name in names}}
    if _is_personal(one) and not principal().may("personal:read"):
        # The stream of a person's facts is the person.
        return {**shown, "stream": None, "data": {}, "veiled": True}
    return {**shown, "stream": one.stream, "data": msgspec.to_builtins(one.event), "veiled": False}


def _is_personal(one: Recorded) -> bool:
    return any(getattr(one.event, name, None) is not None for name in ("person", "subject", "recipient"))


def _look(query: Mapping[str, Any], after: int) -> tuple[list[Recorded], int]:
    """Events past a position, and the position up to which the log was looked at."""
    types, workspace_id = [query["type"]] if "type" in query else [], principal().workspace_id
    with takehold().database.read() as connection:
        found = read(connection, workspace_id, after, query["limit"], types, query.get("stream"))
        return found, head(connection, workspace_id)[0]


def _first(query: Mapping[str, Any]) -> list[Recorded]:
    """The first events to come, empty when none come in time; holds no connection while it waits."""
    deadline = time.monotonic() + query["wait"]
    found, seen = _look(query, query["after"])
    if found:
        return found
    if not _SEATS.acquire(blocking=False):
        # An empty answer would send whoever goes on at once, as one does, into a busy loop.
        raise Problem(503, "busy", "Too many wait for events already. Ask again later.", headers={"Retry-After": "5"})
    try:
        while not found and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(_PAUSE_SECONDS, left))
            if _head() > seen:
                found, seen = _look(query, max(query["after"], seen))
        return found
    finally:
        _SEATS.release()


def _head() -> int:
    with takehold().database.read() as connection:
        return head(connection, principal().workspace_id)[0]
