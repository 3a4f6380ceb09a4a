"""Channels that aggregate alerts go through."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from service.api.context import allow, takehold
from service.api.writing import Blueprint, PositionSchema
from service.commands.reinforcement import add_channel
from service.http import fields as f
from service.unit import Unit

blp = Blueprint("channels", __name__, description="Where aggregate alerts go.")


class AudienceSchema(Schema):
    """Which alerts it carries; all of them when left out."""

    change = f.Key()
    role = f.Key()


class NewChannelSchema(Schema):
    kind = fields.String(required=True, validate=OneOf(["slack", "mail"]))
    target = f.ExternalId(required=True, metadata={"description": "Webhook or mail address; never shown again."})
    audience = fields.Nested(AudienceSchema)


class ChannelSchema(PositionSchema):
    channel = fields.UUID(required=True)
    kind = fields.String(required=True)


@blp.route("/channels", methods=["POST"])
@allow("channels:write")
@blp.arguments(NewChannelSchema)
@blp.command(201, ChannelSchema)
def post_channel(work: Unit, data: dict[str, Any]) -> dict[str, Any]:
    """Connect a channel for aggregate alerts"""
    channel = add_channel(work, takehold().settings.slack_base, data)
    return {"channel": channel, "kind": data["kind"]}
