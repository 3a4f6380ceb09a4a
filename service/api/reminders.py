"""Reminders, and what people do about them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from marshmallow import Schema, fields
from marshmallow.validate import OneOf
from sqlalchemy import Connection

from service.api.context import allow, principal
from service.api.reading import FreshSchema, StaleSchema, reading
from service.api.writing import Blueprint
from service.commands import reinforcement as commands
from service.commands.changes import load_change
from service.http import fields as f
from service.readmodels.reminders import Reminders, personal_count, reminders_of
from service.unit import Unit

blp = Blueprint("reminders", __name__, description="Reminders, and what people do about them.")


class ReminderSchema(Schema):
    """A reminder as it stands."""

    id = fields.UUID(required=True)
    role = fields.String(allow_none=True)
    rule = fields.String(required=True)
    audience = fields.String(required=True)
    state = fields.String(required=True)
    reason = fields.String(allow_none=True)
    action = fields.String(allow_none=True)
    raised_at = fields.DateTime(required=True)
    due = fields.DateTime(required=True)
    sent_at = fields.DateTime(allow_none=True)
    facts = fields.Dict(required=True)


class RemindersSchema(StaleSchema):
    reminders = fields.List(fields.Nested(ReminderSchema), required=True)
    personal = fields.Integer(required=True, metadata={"description": "How many to single people are not listed."})


@blp.route("/changes/<change>/reminders", methods=["GET"])
@allow("reminders:read")
@blp.arguments(FreshSchema, location="query")
@blp.response(200, RemindersSchema)
@reading(Reminders)
def get_reminders(connection: Connection, _: dict[str, Any], change: str) -> dict[str, Any]:
    """Reminders of a change, newest first"""
    state = load_change(connection, principal().workspace_id, change)
    rows = reminders_of(connection, principal().workspace_id, state.id)
    personal = principal().may("personal:read")
    # Counted apart, since the list has an end.
    hidden = 0 if personal else personal_count(connection, principal().workspace_id, state.id)
    keys = {role.id: key for key, role in state.roles.items()}
    mine = [row for row in rows if personal or row.audience != "person"]
    return {"reminders": [_reminder(row, keys) for row in mine], "personal": hidden}


class AnswerSchema(Schema):
    action = fields.String(required=True, validate=OneOf(["did_it", "cannot", "not_mine"]))
    note = f.Text(4000)


class SnoozeSchema(Schema):
    until = f.Moment(required=True)


class NoteSchema(Schema):
    text = f.Text(4000, required=True)


@blp.route("/reminders/<uuid:reminder>/acknowledge", methods=["POST"])
@allow("reminders:act")
@blp.arguments(AnswerSchema)
@blp.command(204)
def post_acknowledge(work: Unit, data: dict[str, Any], reminder: UUID) -> None:
    """Answer a reminder: did it, cannot, or not mine"""
    commands.acknowledge(work, principal(), reminder, data)


@blp.route("/reminders/<uuid:reminder>/snooze", methods=["POST"])
@allow("reminders:act")
@blp.arguments(SnoozeSchema)
@blp.command(204)
def post_snooze(work: Unit, data: dict[str, Any], reminder: UUID) -> None:
    """Put a reminder off; it is judged again then"""
    commands.snooze(work, principal(), reminder, data["until"])


@blp.route("/reminders/<uuid:reminder>/note", methods=["POST"])
@allow("reminders:act")
@blp.arguments(NoteSchema)
@blp.command(204)
def post_note(work: Unit, data: dict[str, Any], reminder: UUID) -> None:
    """Write a note on a reminder"""
    commands.note(work, principal(), reminder, data["text"])


def _reminder(row: Any, keys: dict[Any, str]) -> dict[str, Any]:
    return {
        "id": row.reminder_id,
        "role": keys.get(row.role_id),
        "facts": msgspec.json.decode(row.facts),
        **{name: getattr(row, name) for name in ("rule", "audience", "state", "reason", "action")},
        **{name: getattr(row, name) for name in ("raised_at", "due", "sent_at")},
    }
