"""How firm a habit is."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import Connection

from adkar.segments import SEGMENTS, Segments
from service.api.context import allow
from service.api.funnel import HabitQuerySchema
from service.api.reading import reading
from service.api.slices import MetricSchema, Ordinal, asked
from service.api.tables import CSV, tabular
from service.http.blueprint import Blueprint
from service.queries.explain import explain_use
from service.queries.habits import segments_of
from service.readmodels.links import Links
from service.readmodels.members import Members

blp = Blueprint("segments", __name__, description="How firm a habit is.")


class SegmentSchema(Schema):
    segment = fields.String(
        required=True,
        metadata={"description": "`power`, `habitual`, `novice`, `low`, `non_user` or `too_early`.", "enum": SEGMENTS},
    )
    people = fields.Integer(allow_none=True, metadata={"description": "null where unknown, or the group is too small."})
    share = fields.Float(allow_none=True, metadata={"description": "people / eligible"})


class SegmentsSchema(MetricSchema):
    first = Ordinal(required=True, data_key="from", metadata={"description": "Monday of the first week."})
    last = Ordinal(required=True, data_key="to", metadata={"description": "Sunday of the last week."})
    weeks = fields.Integer(required=True)
    eligible = fields.Integer(allow_none=True, metadata={"description": "Members on the last day."})
    segments = fields.List(fields.Nested(SegmentSchema), required=True)
    coverage = fields.Float(allow_none=True, metadata={"description": "Share of expected days that were reported."})
    status = fields.String(required=True, metadata={"description": "`known`, `unknown` or `suppressed`."})


@blp.route("/changes/<change>/segments", methods=["GET"])
@allow("adoption:read")
@blp.arguments(HabitQuerySchema, location="query")
@blp.response(200, SegmentsSchema)
@blp.alt_response(200, content_type=CSV, schema={"type": "string"})
@tabular(SegmentSchema, lambda body: body["segments"])
@reading(Members, Links)
def get_segments(connection: Connection, query: dict[str, Any], change: str) -> dict[str, Any]:
    """People by habit over the last 12 or 4 calendar weeks"""
    about = asked(connection, query, change)
    found = segments_of(about.usage, about.role, about.day, query["weeks"])
    answer = about.answer(**vars(found) | {"segments": _rows(found)})
    if query.get("explain"):
        habitual = found.people["power"] + found.people["habitual"] if found.people else None
        answer["explain"] = explain_use(
            about.usage,
            about.role,
            "weeks with at least one action, and mean actions a week",
            (found.first, found.last),
            {"name": "members on the last day", "eligible": found.eligible},
            habitual,
            found.coverage,
            found.status,
        )
    return answer


def _rows(found: Segments) -> list[dict[str, Any]]:
    if not found.people or not found.eligible:
        return [{"segment": name, "people": None, "share": None} for name in SEGMENTS]
    return [
        {"segment": name, "people": people, "share": people / found.eligible} for name, people in found.people.items()
    ]
