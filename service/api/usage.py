"""Usage telemetry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from flask import request
from marshmallow import Schema, fields

from service.api.context import allow, principal, takehold
from service.api.items import MAX_ITEMS, SummarySchema, body, only
from service.api.writing import Blueprint
from service.directory.sources import beat
from service.http import fields as f
from service.http.body import read_body
from service.intake.native import Judged, judge, plain_items
from service.intake.store import Intake, intake
from service.metrics import OBSERVATIONS

blp = Blueprint("usage", __name__, description="Usage telemetry from integrated apps.")


class UseSchema(Schema):
    """One observation. For the documentation: items are decoded by a faster way."""

    id = f.ExternalId(required=True, metadata={"description": "The same over retries, as is occurred_at."})
    app = f.Text(128, required=True)
    feature = f.Text(128, required=True)
    actor = f.ExternalId(required=True, metadata={"description": "What the app calls its user."})
    occurred_at = fields.DateTime(required=True)
    count = f.Whole(1, 1_000_000)
    duration_ms = f.Whole(0, 86_400_000)
    properties = fields.Dict(metadata={"description": "At most 4,096 characters of JSON."})


class UsageSchema(Schema):
    events = fields.List(fields.Nested(UseSchema), required=True)


class HeartbeatSchema(Schema):
    """Nothing: the key says whose heart beats."""


def _intake() -> AbstractContextManager[Intake]:
    return intake(takehold(), principal().workspace_id, principal().source)


def _judged(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def judging() -> Any:
        items = _plain() or only(body(False, request), "events")
        return view(judge(items, takehold().settings.usage_retention_days))

    return judging


@blp.route("/usage", methods=["POST"])
@allow("usage:write")
@blp.doc(requestBody={"required": True, "content": {"application/json": {"schema": UsageSchema}}})
@_judged
@blp.command(200, SummarySchema, _intake)
def post_usage(work: Intake, batch: Judged) -> dict[str, Any]:
    """Post a batch of observations, gzip allowed, judged one by one"""
    taken = batch.summary(work.store(batch.uses))
    for verdict in ("stored", "duplicate", "rejected"):
        OBSERVATIONS.labels(verdict=verdict).inc(getattr(taken, verdict))
    return asdict(taken)


@blp.route("/heartbeats", methods=["POST"])
@allow("usage:write")
@blp.arguments(HeartbeatSchema)
@blp.command(204, opened=_intake)
def post_heartbeat(work: Intake, _: dict[str, Any]) -> None:
    """Say that a source is there today, though there may be nothing to report"""
    workspace = takehold().workspace(work.workspace_id)
    beat(work.connection, workspace.id, work.source, datetime.now(UTC).astimezone(workspace.zone).date())


def _plain() -> Sequence[object] | None:
    if not request.is_json:
        return None
    items = plain_items(read_body(request))
    return items if items and len(items) <= MAX_ITEMS else None
