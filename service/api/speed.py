"""The three people-side factors: speed, utilisation, proficiency."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import Connection

from service.api.context import allow
from service.api.reading import reading
from service.api.slices import DaySchema, MetricSchema, Ordinal, asked
from service.api.tables import CSV, tabular
from service.http.blueprint import Blueprint
from service.queries.explain import explain_use
from service.queries.habits import reach_of
from service.queries.speeds import speed_of
from service.readmodels.links import Links
from service.readmodels.members import Members

blp = Blueprint("speed", __name__, description="How long people take to adopt.")


class StepSchema(Schema):
    """A day count on which it happened to somebody."""

    days = fields.Integer(required=True, metadata={"description": "Days since the clock started."})
    at_risk = fields.Integer(required=True, metadata={"description": "People observed so long, who still waited."})
    events = fields.Integer(required=True, metadata={"description": "Those of them to whom it happened then."})
    waiting = fields.Float(required=True, metadata={"description": "Share to whom it had not happened by then."})


class CurveSchema(Schema):
    """Kaplan-Meier: whoever has not got there yet, or left before, counts for as long as they were seen."""

    n = fields.Integer(required=True, metadata={"description": "People whose clock started."})
    events = fields.Integer(required=True, metadata={"description": "Those who got there."})
    censored = fields.Integer(required=True, metadata={"description": "Those who did not, as far as they were seen."})
    median = fields.Integer(
        allow_none=True, metadata={"description": "Days by which at least half got there; null while fewer did."}
    )
    steps = fields.List(fields.Nested(StepSchema), required=True)
    cut = fields.Boolean(
        required=True, metadata={"description": "Steps about fewer people than may be shown were left out."}
    )


class SpeedCurveSchema(Schema):
    """The curve is null where it is unknown, the group is too small, or no clock has started."""

    first = Ordinal(allow_none=True, data_key="from", metadata={"description": "Day on which the first clock started."})
    last = Ordinal(required=True, data_key="to")
    curve = fields.Nested(CurveSchema, allow_none=True)
    coverage = fields.Float(allow_none=True, metadata={"description": "Share of expected days that were reported."})
    status = fields.String(required=True, metadata={"description": "`known`, `unknown` or `suppressed`."})


class SpeedSchema(MetricSchema):
    speed = fields.Nested(SpeedCurveSchema, required=True)
    utilisation = fields.Float(allow_none=True, metadata={"description": "adopted / eligible, as in the funnel."})
    proficiency = fields.Float(
        allow_none=True, metadata={"description": "null while no performance standard is declared."}
    )


@blp.route("/changes/<change>/speed", methods=["GET"])
@allow("adoption:read")
@blp.arguments(DaySchema, location="query")
@blp.response(200, SpeedSchema)
@blp.alt_response(200, content_type=CSV, schema={"type": "string"})
@tabular(StepSchema, lambda body: body["speed"].curve.steps if body["speed"].curve else [])
@reading(Members, Links)
def get_speed(connection: Connection, query: dict[str, Any], change: str) -> dict[str, Any]:
    """Days from access to adopted, utilisation and proficiency"""
    about = asked(connection, query, change)
    found = speed_of(about.usage, about.role, about.day)
    reach = reach_of(about.usage, about.role, about.day, 4)
    answer = about.answer(speed=found, utilisation=reach.funnel.utilisation, proficiency=None)
    if query.get("explain"):
        curve = found.curve
        answer["explain"] = explain_use(
            about.usage,
            about.role,
            "days from the latest of access, joining and go-live to the first day on which a person is adopted",
            (found.first or found.last, found.last),
            {"name": "people whose clock started", "n": curve.n if curve else None},
            curve.events if curve else None,
            found.coverage,
            found.status,
        )
    return answer
