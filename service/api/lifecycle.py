"""Where active people come from."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Range
from sqlalchemy import Connection

from service.api.context import allow
from service.api.reading import reading
from service.api.slices import LONGEST, Asked, MetricSchema, Ordinal, SliceSchema, asked, query_problem
from service.api.tables import CSV, tabular
from service.http import fields as f
from service.http.blueprint import Blueprint
from service.queries.explain import explain_use
from service.queries.habits import lifecycle_of
from service.readmodels.links import Links
from service.readmodels.members import Members

blp = Blueprint("lifecycle", __name__, description="Who begins, comes back and stops.")
_WEEK = 7
_INTERVALS = 12


class LifecycleQuerySchema(SliceSchema):
    start = f.Day(data_key="from", metadata={"description": "First day; only whole intervals are answered."})
    end = f.Day(
        data_key="to", metadata={"description": "Last day of the last interval; of weeks, last Sunday if none."}
    )
    window = fields.Integer(
        validate=Range(1, 366), load_default=_WEEK, metadata={"description": "Days of an interval; 7 if none."}
    )


class IntervalSchema(Schema):
    """An interval, both days included. A figure is null where it is unknown or the group is too small."""

    first = Ordinal(required=True, data_key="from")
    last = Ordinal(required=True, data_key="to")
    eligible = fields.Integer(allow_none=True, metadata={"description": "Members on the last day."})
    active = fields.Integer(allow_none=True, metadata={"description": "Those with a day of use in the interval."})
    new = fields.Integer(allow_none=True, metadata={"description": "Active, and never used it before."})
    returning = fields.Integer(allow_none=True, metadata={"description": "Active, and in the interval before too."})
    resurrected = fields.Integer(
        allow_none=True, metadata={"description": "Active, and once before, but not in the interval before."}
    )
    dormant = fields.Integer(allow_none=True, metadata={"description": "Active in the interval before, not now."})
    coverage = fields.Float(allow_none=True, metadata={"description": "Share of expected days that were reported."})
    status = fields.String(required=True, metadata={"description": "`known`, `unknown` or `suppressed`."})


class LifecycleSchema(MetricSchema):
    intervals = fields.List(fields.Nested(IntervalSchema), required=True)


@blp.route("/changes/<change>/lifecycle", methods=["GET"])
@allow("adoption:read")
@blp.arguments(LifecycleQuerySchema, location="query")
@blp.response(200, LifecycleSchema)
@blp.alt_response(200, content_type=CSV, schema={"type": "string"})
@tabular(IntervalSchema, lambda body: body["intervals"])
@reading(Members, Links)
def get_lifecycle(connection: Connection, query: dict[str, Any], change: str) -> dict[str, Any]:
    """New, returning, resurrected and dormant people by interval"""
    about = asked(connection, query, change)
    intervals = lifecycle_of(about.usage, about.role, _spans(query, about))
    answer = about.answer(intervals=intervals)
    if query.get("explain") and intervals:
        last = intervals[-1]
        answer["explain"] = explain_use(
            about.usage,
            about.role,
            "at least one day of use in the interval; new: no use ever before it",
            (last.first, last.last),
            {"name": "members on the last day", "eligible": last.eligible},
            last.active,
            last.coverage,
            last.status,
        )
    return answer


def _spans(query: dict[str, Any], about: Asked) -> list[tuple[int, int]]:
    """Intervals back to back, the last of which ends with `to`; those that are not whole are left out."""
    window = query["window"]
    end = min(query.get("end") or _last_day(about.yesterday, window), about.yesterday)
    start = query.get("start") or end - timedelta(days=window * max(1, min(_INTERVALS, LONGEST // window)) - 1)
    if query.get("end") and start > query["end"]:
        raise query_problem("to", "must not be earlier than from")
    if (end - start).days >= LONGEST:
        raise query_problem("from", f"at most {LONGEST} days at once")
    ends = range(end.toordinal(), start.toordinal() + window - 2, -window)
    return [(last - window + 1, last) for last in reversed(ends)]


def _last_day(yesterday: date, window: int) -> date:
    return yesterday - timedelta(days=yesterday.isoweekday() % _WEEK) if window % _WEEK == 0 else yesterday
