"""What every question about a change may name."""

from __future__ import annotations

from marshmallow import Schema, fields

from service.api.reading import FreshSchema
from service.http import fields as f


class AskSchema(FreshSchema):
    role = f.Key(metadata={"description": "One role; without it the whole change, where everybody counts once."})
    as_of = f.Instant(metadata={"description": "What was known then."})
    explain = fields.Boolean(
        truthy={"true"}, falsy={"false"}, metadata={"description": "true: say what the figures rest on."}
    )


class EventsSchema(Schema):
    """Positions of the log that were known."""

    first = fields.Integer(required=True)
    last = fields.Integer(required=True)


class WindowSchema(Schema):
    start = fields.Date(required=True, data_key="from")
    end = fields.Date(required=True, data_key="to")
    days = fields.Integer(required=True)
    zone = fields.String(required=True)


class ExplainSchema(Schema):
    """What a figure rests on: the last point of a series, or a role's profile."""

    definition_version = fields.Integer(metadata={"description": "Of what counts as adopted."})
    definition = fields.String(required=True)
    window = fields.Nested(WindowSchema, required=True)
    numerator = fields.Integer(allow_none=True)
    denominator = fields.Dict(required=True)
    coverage = fields.Float(allow_none=True)
    status = fields.String()
    restated = fields.Boolean()
    events = fields.Nested(EventsSchema, required=True)
    usage_received_to = fields.Date()
