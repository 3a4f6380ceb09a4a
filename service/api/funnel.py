"""How far people get, and how much they use it then."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import OneOf
from sqlalchemy import Connection

from service.api.context import allow
from service.api.reading import reading
from service.api.slices import DaySchema, MetricSchema, Ordinal, asked
from service.api.tables import CSV, tabular
from service.http.blueprint import Blueprint
from service.queries.explain import explain_use
from service.queries.habits import reach_of
from service.readmodels.links import Links
from service.readmodels.members import Members

blp = Blueprint("funnel", __name__, description="How far people get.")


class HabitQuerySchema(DaySchema):
    weeks = fields.Integer(
        validate=OneOf([12, 4]), load_default=12, metadata={"description": "Weeks that show a habit: 12 or 4."}
    )


class DepthSchema(Schema):
    """Means over the active people; null where too few are, or the window is unknown."""

    active_days = fields.Float(allow_none=True, metadata={"description": "Days of use in the window, a person."})
    actions = fields.Float(allow_none=True, metadata={"description": "Actions in the window, a person."})
    breadth = fields.Float(allow_none=True, metadata={"description": "Distinct features in the window, a person."})
    stickiness = fields.Float(
        allow_none=True, metadata={"description": "Mean people a working day / people of the last 28 days."}
    )


class ReachSchema(Schema):
    """Each stage lies in the one before. A figure is null where it is unknown or the group is too small."""

    first = Ordinal(required=True, data_key="from")
    day = Ordinal(required=True, data_key="to")
    eligible = fields.Integer(allow_none=True, metadata={"description": "Members on the last day."})
    ever_used = fields.Integer(allow_none=True, metadata={"description": "Those who ever used it."})
    active = fields.Integer(allow_none=True, metadata={"description": "Those with a day of use in the window."})
    adopted = fields.Integer(
        allow_none=True, metadata={"description": "Those who meet the definition, however new their access is."}
    )
    adopted_habitual = fields.Integer(
        allow_none=True, metadata={"description": "Those of them in the segment habitual or power."}
    )
    never_used = fields.Integer(allow_none=True, metadata={"description": "eligible - ever_used"})
    dormant = fields.Integer(allow_none=True, metadata={"description": "ever_used - active"})
    utilisation = fields.Float(allow_none=True, metadata={"description": "adopted / eligible"})
    coverage = fields.Float(allow_none=True, metadata={"description": "Share of expected days that were reported."})
    status = fields.String(required=True, metadata={"description": "`known`, `unknown` or `suppressed`."})
    depth = fields.Nested(DepthSchema, required=True)


class FunnelSchema(MetricSchema):
    funnel = fields.Nested(ReachSchema, required=True)


@blp.route("/changes/<change>/funnel", methods=["GET"])
@allow("adoption:read")
@blp.arguments(HabitQuerySchema, location="query")
@blp.response(200, FunnelSchema)
@blp.alt_response(200, content_type=CSV, schema={"type": "string"})
@tabular(ReachSchema, lambda body: [body["funnel"]])
@reading(Members, Links)
def get_funnel(connection: Connection, query: dict[str, Any], change: str) -> dict[str, Any]:
    """Eligible, ever used, active, adopted, habitual; with depth, breadth and stickiness"""
    about = asked(connection, query, change)
    reach = reach_of(about.usage, about.role, about.day, query["weeks"])
    told = reach.funnel
    answer = about.answer(funnel={**vars(told), "depth": reach.depth})
    if query.get("explain"):
        answer["explain"] = explain_use(
            about.usage,
            about.role,
            f"used on at least {about.definition.min_days} distinct days of the window",
            (told.first, told.day),
            {"name": "members on the last day", "eligible": told.eligible},
            told.adopted,
            told.coverage,
            told.status,
        )
    return answer
