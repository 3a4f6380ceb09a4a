"""The event feed, for those who build on it."""

from __future__ import annotations

from typing import Any

import msgspec
from marshmallow import Schema, fields
from marshmallow.validate import OneOf, Range

from events.catalog import CATALOG
from events.log import read
from service.api.context import allow, principal, takehold
from service.http.blueprint import Blueprint

blp = Blueprint("events", __name__, description="What happened, in order.")
_LARGEST = 2**63 - 1


class FeedQuerySchema(Schema):
    after = fields.Integer(load_default=0, validate=Range(0, _LARGEST), metadata={"description": "Last position seen."})
    type = fields.String(validate=OneOf([kind.wire for kind in CATALOG]))
    stream = fields.UUID()
    limit = fields.Integer(load_default=100, validate=Range(1, 1000))


class EventSchema(Schema):
    """An event; people are pseudonyms and free text is sealed."""

    position = fields.Integer(required=True)
    type = fields.String(required=True)
    version = fields.Integer(required=True)
    event_id = fields.UUID(required=True)
    stream = fields.UUID(required=True)
    stream_version = fields.Integer(required=True)
    actor = fields.String(required=True)
    via = fields.String(required=True)
    occurred_at = fields.DateTime(required=True)
    recorded_at = fields.DateTime(required=True)
    hash = fields.String(required=True)
    data = fields.Dict(required=True)


class FeedSchema(Schema):
    events = fields.List(fields.Nested(EventSchema), required=True)
    next = fields.Integer(required=True, metadata={"description": "Pass it as `after` to go on."})


@blp.route("/events", methods=["GET"])
@allow("events:read")
@blp.arguments(FeedQuerySchema, location="query")
@blp.response(200, FeedSchema)
def get_events(query: dict[str, Any]) -> dict[str, Any]:
    """Events after a position, oldest first"""
    types = [query["type"]] if "type" in query else []
    with takehold().database.read() as connection:
        found = read(connection, principal().workspace_id, query["after"], query["limit"], types, query.get("stream"))
    names = ("position", "event_id", "stream", "stream_version", "actor", "via", "occurred_at", "recorded_at", "hash")
    return {
        "events": [
            {
                "type": one.event.wire,
                "version": one.event.version,
                "data": msgspec.to_builtins(one.event),
                **{name: getattr(one, name) for name in names},
            }
            for one in found
        ],
        "next": found[-1].position if found else query["after"],
    }
