"""A way back for telemetry: what a source reported by mistake, or an import in its name."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import Schema, fields

from service.api.context import allow
from service.api.writing import Blueprint, PositionSchema
from service.commands.usage import retract, retract_import
from service.http import fields as f
from service.http.problem import FieldError, Problem
from service.unit import Unit

blp = Blueprint("retractions", __name__, description="Taking back what a source or an import told by mistake.")


class ImportRetractionSchema(Schema):
    """Which of an import's observations count no longer; all of them when no day is named."""

    start = f.Day(data_key="from", metadata={"description": "First day of use, included."})
    end = f.Day(data_key="to", metadata={"description": "Last day of use, included."})
    reason = f.Text(4000, required=True)


class RetractionSchema(ImportRetractionSchema):
    """Which of a source's observations count no longer; all that came in so far when no day is named."""

    received = f.Day(metadata={"description": "Only what came in on this day."})


class RetractedSchema(PositionSchema):
    event_id = fields.UUID(required=True, metadata={"description": "Withdraw this event, and all counts again."})


@blp.route("/sources/<path:source>/retractions", methods=["POST"])
@allow("events:withdraw")
@blp.arguments(RetractionSchema)
@blp.command(201, RetractedSchema)
def post_retraction(work: Unit, data: dict[str, Any], source: str) -> dict[str, Any]:
    """Retract what a source reported up to now; the same items sent again count anew"""
    _check_order(data)
    return {"event_id": retract(work, source, **data)}


@blp.route("/imports/<uuid:import_id>/retractions", methods=["POST"])
@allow("events:withdraw")
@blp.arguments(ImportRetractionSchema)
@blp.command(201, RetractedSchema)
def post_import_retraction(work: Unit, data: dict[str, Any], import_id: UUID) -> dict[str, Any]:
    """Retract what one import brought, and nothing else; said again it is the same event"""
    _check_order(data)
    return {"event_id": retract_import(work, import_id, **data)}


def _check_order(data: dict[str, Any]) -> None:
    if "start" in data and "end" in data and data["start"] > data["end"]:
        message = "must not be earlier than from"
        raise Problem(422, "invalid", f"to: {message}", [FieldError(field="to", message=message)])
