"""Data quality: what sources send, how much of it is of use, and what had no place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from marshmallow import Schema, fields

from service.api.context import allow, principal, takehold
from service.api.writing import Blueprint
from service.directory.sources import agree, expect
from service.http import fields as f
from service.intake.dialects.quarantine import counted
from service.intake.dialects.registry import READERS, RECORDERS
from service.intake.dialects.taking import Replayed, replay
from service.intake.store import Intake, intake
from service.queries.quality import source_quality
from service.queries.view import view
from service.unit import Unit

blp = Blueprint("quality", __name__, description="How good the telemetry is.")


class SourceQualitySchema(Schema):
    """A source of observations."""

    source = fields.String(required=True)
    emails_verified = fields.Boolean(required=True, metadata={"description": "Whether its addresses link people."})
    since = fields.Date(allow_none=True, metadata={"description": "From when on it has to report, where agreed."})
    last_day = fields.Date(
        allow_none=True, metadata={"description": "Last local day that it told of, or sent a heartbeat on."}
    )
    silent_days = fields.Integer(
        allow_none=True,
        metadata={"description": "Working days that are over since then, or from `since` on where that is later."},
    )
    actors = fields.Integer(required=True)
    unknown_actors = fields.Integer(required=True, metadata={"description": "Actors that are nobody we know."})
    received = fields.Integer(required=True, metadata={"description": "Observations in the last seven days."})
    last = fields.DateTime(allow_none=True, metadata={"description": "When the last of these came."})
    late = fields.Float(allow_none=True, metadata={"description": "Share that came more than a day late."})
    ahead = fields.Float(allow_none=True, metadata={"description": "Share from clocks more than a minute ahead."})


class QuarantinedSchema(Schema):
    """Items that had no place, for one reason."""

    dialect = fields.String(required=True)
    source = fields.String(required=True)
    reason = fields.String(required=True)
    number = fields.Integer(required=True)
    first = fields.DateTime(required=True)
    last = fields.DateTime(required=True)


class QualitySchema(Schema):
    """How good the telemetry is."""

    sources = fields.List(fields.Nested(SourceQualitySchema), required=True)
    quarantine = fields.List(fields.Nested(QuarantinedSchema), required=True)


class SourceSchema(Schema):
    """A source, by the name that stands in the path."""

    source = f.ExternalId(required=True)


class TermsSchema(Schema):
    """What is agreed with a source; what is left out stays as it is."""

    emails_verified = f.Flag(
        metadata={"description": "An address that it gives proves who somebody is, and links accounts to people."},
    )
    since = f.Day(
        allow_none=True,
        metadata={"description": "First day on which it has to report; null for none of its own."},
    )


class ReplaySchema(Schema):
    """What to read again."""

    source = f.ExternalId(metadata={"description": "What this source sent; everything without."})


class ReplayedSchema(Schema):
    """What became of the items in quarantine."""

    mapped = fields.Integer(required=True, metadata={"description": "Items that have a place now."})
    stored = fields.Integer(required=True, metadata={"description": "Observations among them that were new."})
    left = fields.Integer(required=True, metadata={"description": "Items that still have no place."})


@blp.route("/data-quality", methods=["GET"])
@allow("quality:read")
@blp.response(200, QualitySchema)
def get_quality() -> dict[str, Any]:
    """Sources with their unknown actors, silence and clocks, and what is in quarantine"""
    workspace, now = takehold().workspace(principal().workspace_id), datetime.now(UTC)
    with takehold().database.read() as connection:
        sources = source_quality(view(connection, workspace, now=now), now)
        kept = counted(connection, workspace.id)
    return {"sources": [asdict(one) for one in sources], "quarantine": [row._asdict() for row in kept]}


@blp.route("/sources/<path:source>", methods=["PUT"])
@allow("sources:write")
@blp.arguments(TermsSchema)
@blp.command(204)
def put_source(work: Unit, data: dict[str, Any], source: str) -> None:
    """Agree terms with a source"""
    named = SourceSchema().load({"source": source})["source"]
    if "emails_verified" in data:
        agree(work, named, data["emails_verified"])
    if "since" in data:
        expect(work, named, data["since"])


def _intake() -> AbstractContextManager[Intake]:
    return intake(takehold(), principal().workspace_id, principal().source)


def _recorded(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Facts first, in transactions of their own: nobody may hold the usage log and wait for the event log."""

    @wraps(handler)
    def replaying(data: dict[str, Any]) -> Any:
        return handler(data, [recorder.replay(takehold(), principal(), data.get("source")) for recorder in RECORDERS])

    return replaying


@blp.route("/quarantine/replay", methods=["POST"])
@allow("sources:write")
@blp.arguments(ReplaySchema)
@_recorded
@blp.command(200, ReplayedSchema, _intake)
def post_replay(work: Intake, data: dict[str, Any], recorded: Sequence[Replayed]) -> dict[str, Any]:
    """Read what is in quarantine once more"""
    done = [replay(takehold(), work, dict(READERS), data.get("source")), *recorded]
    return {name: sum(asdict(one)[name] for one in done) for name in asdict(done[0])}
