"""What champions and learning systems record: assessments, stages, trainings."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, fields
from marshmallow.validate import OneOf

from adkar.elements import ELEMENTS
from service.api.context import allow, principal
from service.api.items import Judged, RecordedSummarySchema, judged
from service.api.writing import Blueprint, PositionSchema
from service.commands import adkar as commands
from service.commands.trainings import record_trainings
from service.http import fields as f
from service.unit import Unit

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


class RecordedSchema(PositionSchema):
    event_id = fields.UUID(required=True)


@blp.route("/changes/<change>/assessments", methods=["POST"])
@allow("assessments:write")
@blp.arguments(AssessmentSchema)
@blp.command(201, RecordedSchema)
def post_assessment(work: Unit, data: dict[str, Any], change: str) -> dict[str, Any]:
    """Record an ADKAR assessment"""
    return {"event_id": commands.assess(work, change, data)}


@blp.route("/changes/<change>/stages", methods=["POST"])
@allow("stages:write")
@blp.arguments(StageSchema)
@blp.command(201, RecordedSchema)
def post_stage(work: Unit, data: dict[str, Any], change: str) -> dict[str, Any]:
    """Record that a role reached a stage or fell back from it"""
    return {"event_id": commands.record_stage(work, change, data)}


@blp.route("/trainings", methods=["POST"])
@allow("trainings:write")
@blp.doc(requestBody={"required": True, "content": {"application/json": {"schema": TrainingsSchema}}})
@judged(TrainingSchema, "events")
@blp.command(200, RecordedSummarySchema)
def post_trainings(work: Unit, steps: Judged) -> dict[str, Any]:
    """Record training steps, judged one by one"""
    for number, verdict in enumerate(record_trainings(work, principal().source, steps.good)):
        if verdict == "duplicate":
            steps.leave_out(number, verdict)
        elif verdict == "id_taken":
            steps.leave_out(number, "rejected", reason=verdict, field="id")
    return steps.summary()
