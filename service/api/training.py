"""Whether training turns into use."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import Connection

from service.api.context import allow
from service.api.reading import reading
from service.api.slices import DaySchema, MetricSchema, asked
from service.api.speed import SpeedCurveSchema
from service.api.tables import CSV, tabular
from service.http.blueprint import Blueprint
from service.queries.explain import explain_use
from service.queries.speeds import training_of
from service.readmodels.links import Links
from service.readmodels.members import Members
from service.readmodels.trainings import Trainings

blp = Blueprint("training", __name__, description="Whether training turns into use.")


class TrainingToUseSchema(Schema):
    """A figure is null where it is unknown or the group is too small."""

    asked = fields.Integer(allow_none=True, metadata={"description": "Members who are asked to train."})
    trained = fields.Integer(allow_none=True, metadata={"description": "Those of them who have all their courses."})
    judged = fields.Integer(
        allow_none=True, metadata={"description": "People who have had 14 days since the clock started, as members."}
    )
    in_time = fields.Integer(allow_none=True, metadata={"description": "Those of them who used it within these days."})
    share = fields.Float(allow_none=True, metadata={"description": "in_time / judged"})
    speed = fields.Nested(SpeedCurveSchema, required=True, metadata={"description": "Days to the first use."})


class TrainedSchema(MetricSchema):
    training = fields.Nested(
        TrainingToUseSchema, required=True, allow_none=True, metadata={"description": "null where none is asked for."}
    )


@blp.route("/changes/<change>/training", methods=["GET"])
@allow("adoption:read")
@blp.arguments(DaySchema, location="query")
@blp.response(200, TrainedSchema)
@blp.alt_response(200, content_type=CSV, schema={"type": "string"})
@tabular(TrainingToUseSchema, lambda body: [body["training"]] if body["training"] else [])
@reading(Members, Links, Trainings)
def get_training(connection: Connection, query: dict[str, Any], change: str) -> dict[str, Any]:
    """From training to use: share within 14 days, and days to the first use"""
    about = asked(connection, query, change)
    found = training_of(about.usage, about.role, about.day)
    answer = about.answer(training=found)
    if query.get("explain") and found:
        speed = found.speed
        answer["explain"] = explain_use(
            about.usage,
            about.role,
            "first use within 14 days of the latest of training, access and go-live",
            (speed.first or speed.last, speed.last),
            {"name": "people who have had 14 days, as members", "judged": found.judged},
            found.in_time,
            speed.coverage,
            speed.status,
        )
    return answer
