"""What every question about a change may name."""

from __future__ import annotations

from marshmallow import Schema

from service.http import fields as f


class AskSchema(Schema):
    role = f.Key(metadata={"description": "One role; without it the whole change, where everybody counts once."})
    as_of = f.Instant(metadata={"description": "What was known then."})
