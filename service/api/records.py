"""What champions and learning systems record: assessments, stages, trainings."""

from __future__ import annotations

from typing import Any

from flask import request
from marshmallow import RAISE, Schema, fields
from marshmallow.validate import OneOf

from adkar.elements import ELEMENTS
from service.api.context import allow, principal, unit
from service.api.items import SummarySchema, body, judge, only, summary
from service.commands import adkar as commands
from service.commands.trainings import record_trainings
from service.http import fields as f
from service.http.blueprint import Blueprint

blp = Blueprint("records", __name__, description="Assessments, stages and trainings.")
TRAINING_STATUS = [
    "registered",
    "unregistered",
    "assigned",
    "attended",
    "initialized",
    "completed",
    "passed",
    "failed",
    "abandoned",
    "waived",
    "satisfied",
]


def _score() -> f.Number:
    return f.Number(1, 5)


class ScoresSchema(Schema):
    """1 to 5 each; whole numbers for a person."""

    awareness = _score()
    desire = _score()
    knowledge = _score()
    ability = _score()
    reinforcement = _score()


class AssessmentSchema(Schema):
    """An assessment of a person, or of a role as an average of n people."""

    person = f.ExternalId()
    role = f.Key()
    source = fields.String(validate=OneOf(["self", "champion", "manager"]), load_default="self")
    scores = fields.Nested(ScoresSchema, required=True)
    method = f.Text(64, required=True)
    n = f.Whole(1, 10_000_000)
    occurred_at = f.Instant(required=True)
    note = f.Text(4000)


class StageSchema(Schema):
    """A role reached a stage, or fell back from it."""

    role = f.Key(required=True)
    stage = fields.String(required=True, validate=OneOf(ELEMENTS))
    status = fields.String(required=True, validate=OneOf(["reached", "regressed"]))
    evidence = f.Text(4000)
    occurred_at = f.Instant(required=True)


class TrainingSchema(Schema):
    """One step of a learner in a course."""

    class Meta:
        unknown = RAISE

    id = f.ExternalId(required=True)
    person = f.ExternalId(required=True)
    course = f.Key(required=True)
    status = fields.String(required=True, validate=OneOf(TRAINING_STATUS))
    score = f.Number(-1, 1, allow_none=True)
    occurred_at = f.Instant(required=True)


class TrainingsSchema(Schema):
    events = fields.List(fields.Nested(TrainingSchema), required=True)


class RecordedSchema(Schema):
    event_id = fields.UUID(required=True)


@blp.route("/changes/<change>/assessments", methods=["POST"])
@allow("assessments:write")
@blp.arguments(AssessmentSchema)
@blp.response(201, RecordedSchema)
def post_assessment(data: dict[str, Any], change: str) -> dict[str, Any]:
    """Record an ADKAR assessment"""
    with unit() as work:
        return {"event_id": commands.assess(work, change, data)}


@blp.route("/changes/<change>/stages", methods=["POST"])
@allow("stages:write")
@blp.arguments(StageSchema)
@blp.response(201, RecordedSchema)
def post_stage(data: dict[str, Any], change: str) -> dict[str, Any]:
    """Record that a role reached a stage or fell back from it"""
    with unit() as work:
        return {"event_id": commands.record_stage(work, change, data)}


@blp.route("/trainings", methods=["POST"])
@allow("trainings:write")
@blp.doc(requestBody={"required": True, "content": {"application/json": {"schema": TrainingsSchema}}})
@blp.response(200, SummarySchema)
def post_trainings() -> dict[str, Any]:
    """Record training steps, judged one by one"""
    good, left_out = judge(TrainingSchema(), only(body(False, request), "events"))
    with unit() as work:
        verdicts = record_trainings(work, principal().source, [item for _, item in good])
    for (index, _), verdict in zip(good, verdicts, strict=True):
        if verdict == "duplicate":
            left_out.append({"index": index, "status": "duplicate"})
        elif verdict == "id_taken":
            left_out.append({"index": index, "status": "rejected", "reason": "id_taken", "field": "id"})
    return summary(verdicts.count("stored"), left_out)
