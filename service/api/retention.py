"""Of those who began, who stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Range
from sqlalchemy import Connection

from service.api.context import allow
from service.api.reading import reading
from service.api.slices import MetricSchema, Ordinal, SliceSchema, asked
from service.api.tables import CSV, tabular
from service.http import fields as f
from service.http.blueprint import Blueprint
from service.queries.explain import explain_use
from service.queries.habits import retention_of
from service.readmodels.links import Links
from service.readmodels.members import Members

blp = Blueprint("retention", __name__, description="Of those who began, who stays.")


class RetentionQuerySchema(SliceSchema):
    end = f.Day(data_key="to", metadata={"description": "Only weeks that are over by then; yesterday without it."})
    weeks = fields.Integer(
        validate=Range(1, 53), load_default=12, metadata={"description": "Calendar weeks looked at; 12 if none."}
    )


class CellSchema(Schema):
    """The cohort so many weeks later. A figure is null where the week is not over or not known, or few are left."""

    weeks = fields.Integer(required=True, metadata={"description": "Weeks since the one of the first use, 0 included."})
    eligible = fields.Integer(allow_none=True, metadata={"description": "Those of the cohort who are still members."})
    active = fields.Integer(allow_none=True, metadata={"description": "Those of them with a day of use in the week."})
    rate = fields.Float(allow_none=True, metadata={"description": "active / eligible"})
    status = fields.String(
        required=True, metadata={"description": "`known`, `unknown`, `suppressed` or `incomplete`: not over yet."}
    )


class CohortSchema(Schema):
    """People whose first use ever lies in one calendar week, members on its last day."""

    first = Ordinal(required=True, data_key="from", metadata={"description": "Monday of that week."})
    people = fields.Integer(allow_none=True)
    status = fields.String(required=True, metadata={"description": "`known`, `unknown` or `suppressed`."})
    cells = fields.List(fields.Nested(CellSchema), required=True)


class CohortRowSchema(CellSchema):
    """A cell beside its cohort, as a table has it."""

    first = Ordinal(required=True, data_key="from")
    people = fields.Integer(allow_none=True)


class RetentionSchema(MetricSchema):
    cohorts = fields.List(fields.Nested(CohortSchema), required=True)


def _rows(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"first": cohort.first, "people": cohort.people, **vars(cell)}
        for cohort in body["cohorts"]
        for cell in cohort.cells
    ]


@blp.route("/changes/<change>/retention", methods=["GET"])
@allow("adoption:read")
@blp.arguments(RetentionQuerySchema, location="query")
@blp.response(200, RetentionSchema)
@blp.alt_response(200, content_type=CSV, schema={"type": "string"})
@tabular(CohortRowSchema, _rows)
@reading(Members, Links)
def get_retention(connection: Connection, query: dict[str, Any], change: str) -> dict[str, Any]:
    """Cohorts by week of first use, and how many of each are active in the weeks since"""
    about = asked(connection, query, change)
    last = min(query.get("end") or about.yesterday, about.yesterday).toordinal()
    cohorts = retention_of(about.usage, about.role, last, query["weeks"])
    answer = about.answer(cohorts=cohorts)
    if query.get("explain"):
        first = cohorts[0]
        span = (first.first, cohorts[-1].first + 6)
        answer["explain"] = explain_use(
            about.usage,
            about.role,
            "first use ever in the cohort's week, and a day of use in the week of the cell",
            span,
            {"name": "the cohort's people who are still members on the week's last day", "people": first.people},
            first.cells[-1].active,
            about.usage.seen(about.definition).reports.coverage(*span),
            first.status,
        )
    return answer
