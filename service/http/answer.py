"""How answers are written as JSON."""

from __future__ import annotations

from typing import Any

import msgspec
from flask.json.provider import DefaultJSONProvider


class Answers(DefaultJSONProvider):
    """msgspec where it can: a tenth of the time, which half a year of figures needs; days are written as YYYY-MM-DD."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        try:
            return msgspec.json.encode(obj).decode()
        except (TypeError, UnicodeEncodeError):
            # Lone surrogates, as an error that quotes its cause may hold, can only be told escaped.
            return super().dumps(obj, **kwargs)
