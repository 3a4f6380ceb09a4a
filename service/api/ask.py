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


class SilentSchema(Schema):
    """A source that was silent, or an app of which nobody told."""

    source = fields.String(
        required=True, allow_none=True, metadata={"description": "null where no source was agreed to."}
    )
    app = fields.String(required=True, allow_none=True, metadata={"description": "Where nobody had told of it yet."})
    days = fields.Integer(required=True, metadata={"description": "Working days of the window without a report."})
    last_reported = fields.Date(
        required=True, allow_none=True, metadata={"description": "Last day that was told of; null without any."}
    )


class ExplainSchema(Schema):
    """What a figure rests on: the last point of a series, or a role's profile."""

    definition_version = fields.Integer(metadata={"description": "Of what counts as adopted."})
    definition = fields.String(required=True)
    window = fields.Nested(WindowSchema, required=True)
    numerator = fields.Integer(allow_none=True)
    denominator = fields.Dict(required=True)
    coverage = fields.Float(allow_none=True)
    status = fields.String()
    silent = fields.List(
        fields.Nested(SilentSchema), metadata={"description": "Why coverage is what it is; the longest first."}
    )
    minimum_group = fields.Integer(
        required=True, metadata={"description": "People of the smallest group that shows figures."}
    )
    restated = fields.Boolean()
    events = fields.Nested(EventsSchema, required=True)
    usage_received_to = fields.Date()
