"""Adoption by day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Range
from sqlalchemy import Connection

from service.api.changes import AdoptionDefinitionSchema, definition
from service.api.context import allow
from service.api.reading import StaleSchema, reading
from service.api.slices import LONGEST, MetricSchema, SliceSchema, asked, asked_of_roles, query_problem
from service.api.tables import CSV, tabular
from service.http import fields as f
from service.http.blueprint import Blueprint
from service.queries.adoption import Day
from service.queries.explain import explain_adoption
from service.readmodels.links import Links
from service.readmodels.members import Members

blp = Blueprint("adoption", __name__, description="Adoption of a change.")
_DEFAULT_DAYS = 90


class AdoptionQuerySchema(SliceSchema):
    start = f.Day(data_key="from", metadata={"description": "First day, included."})
    end = f.Day(data_key="to", metadata={"description": "Last day, included; the running day is never judged."})
    window = fields.Integer(validate=Range(1, 366), metadata={"description": "Trailing days to look at."})


class PointSchema(Schema):
    """The state at the end of a day. A figure is null where it is unknown or the group is too small."""

    day = fields.Date(required=True)
    eligible = fields.Integer(allow_none=True, metadata={"description": "Members of the role on that day."})
    access = fields.Integer(allow_none=True, metadata={"description": "Those with access."})
    mature = fields.Integer(allow_none=True, metadata={"description": "Those with access for the whole window."})
    active = fields.Integer(allow_none=True, metadata={"description": "Members with a day of use in the window."})
    adopted = fields.Integer(allow_none=True, metadata={"description": "Mature members who meet the definition."})
    rate = fields.Float(allow_none=True, metadata={"description": "adopted / mature"})
    low = fields.Float(allow_none=True, metadata={"description": "Unlinked actors and silent days count against."})
    high = fields.Float(allow_none=True, metadata={"description": "Unlinked actors and silent days count for."})
    active_rate = fields.Float(allow_none=True, metadata={"description": "active / eligible"})
    coverage = fields.Float(allow_none=True, metadata={"description": "Share of expected days that were reported."})
    status = fields.String(required=True, metadata={"description": "`known`, `unknown` or `suppressed`."})
    dau = fields.Integer(allow_none=True)
    wau = fields.Integer(allow_none=True)
    mau = fields.Integer(allow_none=True)
    plan = fields.Float(allow_none=True)
    restated = fields.Boolean(
        required=True, metadata={"description": "More became known of these days than was on the day after."}
    )


class AdoptionSchema(MetricSchema):
    series = fields.List(f.AsTold(PointSchema), required=True)


class RoleAdoptionSchema(Schema):
    """A role, by its own definition."""

    role = f.Key(required=True)
    definition = fields.Nested(AdoptionDefinitionSchema, required=True)
    grain = fields.String(required=True, metadata={"description": "`week` when a source reports by week, else `day`."})
    series = fields.List(f.AsTold(PointSchema), required=True)


class RolesAdoptionSchema(StaleSchema):
    zone = fields.String(required=True, metadata={"description": "Cuts the days."})
    as_of_effective = fields.Date(required=True, metadata={"description": "Usage received up to the end of this day."})
    roles = fields.List(fields.Nested(RoleAdoptionSchema), required=True)


class RolePointSchema(PointSchema):
    role = f.Key(required=True)

    class Meta:
        fields = ("role", *PointSchema().fields)


@blp.route("/changes/<change>/adoption", methods=["GET"])
@allow("adoption:read")
@blp.arguments(AdoptionQuerySchema, location="query")
@blp.response(200, AdoptionSchema)
@blp.alt_response(200, content_type=CSV, schema={"type": "string"})
@tabular(PointSchema, lambda body: body["series"])
@reading(Members, Links)
def get_adoption(connection: Connection, query: dict[str, Any], change: str) -> dict[str, Any]:
    """Adoption by day, of a role or of the whole change"""
    about = asked(connection, query, change)
    days, window = _days(query, about.yesterday), query.get("window")
    series = about.usage.days(about.role, days, window)
    answer = about.answer(series=[_point(day) for day in series])
    answer["definition"] = _within(answer["definition"], window)
    if query.get("explain") and series:
        answer["explain"] = explain_adoption(about.usage, about.role, series[-1], window)
    return answer


@blp.route("/changes/<change>/adoption/roles", methods=["GET"])
@allow("adoption:read")
@blp.arguments(AdoptionQuerySchema(exclude=("role", "explain")), location="query")
@blp.response(200, RolesAdoptionSchema)
@blp.alt_response(200, content_type=CSV, schema={"type": "string"})
@tabular(RolePointSchema, lambda body: [{"role": one["role"], **at} for one in body["roles"] for at in one["series"]])
@reading(Members, Links)
def get_adoption_of_roles(connection: Connection, query: dict[str, Any], change: str) -> dict[str, Any]:
    """Adoption by day of every role, side by side"""
    usage, roles = asked_of_roles(connection, query, change)
    seen, window = usage.view, query.get("window")
    days = _days(query, seen.yesterday)
    return {
        "zone": seen.workspace.zone.key,
        "as_of_effective": seen.today,
        "roles": [
            {
                "role": role.key,
                "definition": _within(definition(usage.change.definition(role)), window),
                "grain": usage.seen(usage.change.definition(role)).grain,
                "series": [_point(day) for day in usage.days(role, days, window)],
            }
            for role in roles
        ],
    }


def _within(told: dict[str, Any], window: int | None) -> dict[str, Any]:
    """The definition as it is for another window than its own."""
    return told | {"window_days": window, "min_days": min(told["min_days"], window)} if window else told


def _days(query: dict[str, Any], yesterday: date) -> list[int]:
    end = min(query.get("end") or yesterday, yesterday)
    start = query.get("start") or end - timedelta(days=_DEFAULT_DAYS - 1)
    if query.get("end") and start > query["end"]:
        raise query_problem("to", "must not be earlier than from")
    if (end - start).days >= LONGEST:
        raise query_problem("from", f"at most {LONGEST} days at once")
    return list(range(start.toordinal(), end.toordinal() + 1))


def _point(day: Day) -> dict[str, Any]:
    point = day.point
    return {
        "day": date.fromordinal(point.day),
        "eligible": point.eligible,
        "access": point.access,
        "mature": point.mature,
        "active": point.active,
        "adopted": point.adopted,
        "rate": point.rate,
        "low": point.low,
        "high": point.high,
        "active_rate": point.active / point.eligible if point.active is not None and point.eligible else None,
        "coverage": point.coverage,
        "status": point.status,
        "dau": day.dau,
        "wau": day.wau,
        "mau": day.mau,
        "plan": day.plan,
        "restated": day.restated,
    }
