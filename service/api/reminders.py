"""Reminders, and what people do about them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from service.api.context import allow, principal, takehold, unit
from service.commands import reinforcement as commands
from service.commands.changes import load_change
from service.http import fields as f
from service.http.blueprint import Blueprint
from service.readmodels.reminders import personal_count, reminders_of

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


class RemindersSchema(Schema):
    reminders = fields.List(fields.Nested(ReminderSchema), required=True)
    personal = fields.Integer(required=True, metadata={"description": "How many to single people are not listed."})


@blp.route("/changes/<change>/reminders", methods=["GET"])
@allow("reminders:read")
@blp.response(200, RemindersSchema)
def get_reminders(change: str) -> dict[str, Any]:
    """Reminders of a change, newest first"""
    with takehold().database.read() as connection:
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
@blp.response(204)
def post_acknowledge(data: dict[str, Any], reminder: UUID) -> None:
    """Answer a reminder: did it, cannot, or not mine"""
    with unit() as work:
        commands.acknowledge(work, principal(), reminder, data)


@blp.route("/reminders/<uuid:reminder>/snooze", methods=["POST"])
@allow("reminders:act")
@blp.arguments(SnoozeSchema)
@blp.response(204)
def post_snooze(data: dict[str, Any], reminder: UUID) -> None:
    """Put a reminder off; it is judged again then"""
    with unit() as work:
        commands.snooze(work, principal(), reminder, data["until"])


@blp.route("/reminders/<uuid:reminder>/note", methods=["POST"])
@allow("reminders:act")
@blp.arguments(NoteSchema)
@blp.response(204)
def post_note(data: dict[str, Any], reminder: UUID) -> None:
    """Write a note on a reminder"""
    with unit() as work:
        commands.note(work, principal(), reminder, data["text"])


def _reminder(row: Any, keys: dict[Any, str]) -> dict[str, Any]:
    return {
        "id": row.reminder_id,
        "role": keys.get(row.role_id),
        "facts": msgspec.json.decode(row.facts),
        **{name: getattr(row, name) for name in ("rule", "audience", "state", "reason", "action")},
        **{name: getattr(row, name) for name in ("raised_at", "due", "sent_at")},
    }
