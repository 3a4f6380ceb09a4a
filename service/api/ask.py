"""What every question about a change may name."""

from __future__ import annotations

from service.api.reading import FreshSchema
from service.http import fields as f


class AskSchema(FreshSchema):
    role = f.Key(metadata={"description": "One role; without it the whole change, where everybody counts once."})
    as_of = f.Instant(metadata={"description": "What was known then."})
