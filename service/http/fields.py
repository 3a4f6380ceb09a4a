"""marshmallow fields of the API's own vocabulary: each refuses what the database or a fold could not take."""

# ruff: noqa: RUF012  marshmallow declares its tables as plain attributes, and mypy wants ours to agree.
import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from marshmallow import ValidationError, fields
from marshmallow.validate import Range

# A clock that is wrong by its zone is off by less than a day; what lies further ahead is a mistake in the data.
MAX_AHEAD = timedelta(hours=23)
MAX_MOMENT = timedelta(days=366)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
# Wide enough for any life's work, and far enough from the ends of `date` that no window runs over them.
DAY_YEARS = range(1900, 2200)

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_KEY = r"[a-z0-9][a-z0-9._-]{0,63}"
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+")
MAX_EMAIL = 254  # RFC 5321, 4.5.3.1.3: a path of 256 with its angle brackets


def _described(kwargs: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {**kwargs, "metadata": properties | dict(kwargs.get("metadata") or {})}


class Key(fields.String):
    """A slug of 1 to 64 characters: lower-case letters, digits, dot, dash, underscore."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs, pattern=f"^{_KEY}$", minLength=1, maxLength=64, example="sales-emea"))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not re.fullmatch(_KEY, text):
            raise ValidationError(
                "must be 1 to 64 lower-case letters, digits, dots, dashes or underscores, "
                "beginning with a letter or digit"
            )
        return text


class Text(fields.String):
    """Words for people: stripped, 1 to `max` characters, newlines and tabs the only control characters."""

    def __init__(self, max: int, **kwargs: Any) -> None:
        self.max = max
        super().__init__(**_described(kwargs, minLength=1, maxLength=max))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        # Browsers send the lines of a text area with CRLF.
        text = super()._deserialize(value, attr, data, **kwargs).replace("\r\n", "\n").strip()
        if not 1 <= len(text) <= self.max:
            raise ValidationError(f"must have 1 to {self.max} characters")
        if _CONTROL_IN_TEXT.search(text):
            raise ValidationError("must hold no control characters but newlines and tabs")
        return text


class ExternalId(fields.String):
    """Another system's name for somebody or something, kept to the letter: 1 to 256 characters, none control."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs, minLength=1, maxLength=256))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not 1 <= len(text) <= 256:
            raise ValidationError("must have 1 to 256 characters")
        if _CONTROL.search(text):
            raise ValidationError("must hold no control characters")
        return text


def _instant(text: str, ahead: timedelta = MAX_AHEAD) -> datetime:
    shape = _INSTANT.fullmatch(text)
    if shape is None:
        if _INSTANT.fullmatch(text.replace(" ", "+")):
            raise ValidationError("has a blank where the zone begins; in an address, write + as %2B")
        raise ValueError
    if shape[1] is None:
        raise ValidationError("needs a time zone, such as 2026-03-01T09:00:00Z")
    instant = datetime.fromisoformat(text.upper())
    # Compared before it is converted: conversion runs over the ends of datetime in the years 1 and 9999.
    if instant < EARLIEST:
        raise ValidationError("must not be before the year 2000")
    if instant > datetime.now(UTC) + ahead:
        days, hours = ahead.days, ahead.seconds // 3600
        raise ValidationError(f"must not be more than {f'{days} days' if days else f'{hours} hours'} ahead of now")
    return instant.astimezone(UTC)


def _rfc3339(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Instant(fields.DateTime):
    """RFC 3339 with a zone, read as an aware datetime in UTC; from 2000 until 23 hours ahead of the clock."""

    default_error_messages = {"invalid": "must be a date and time such as 2026-03-01T09:00:00Z"}
    DESERIALIZATION_FUNCS = {"iso": _instant}
    SERIALIZATION_FUNCS = {"iso": _rfc3339}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs, example="2026-03-01T09:00:00Z"))


def _moment(text: str) -> datetime:
    return _instant(text, MAX_MOMENT)


class Moment(fields.DateTime):
    """An instant that may lie ahead, such as the end of a snooze: up to a year from now."""

    default_error_messages = Instant.default_error_messages
    DESERIALIZATION_FUNCS = {"iso": _moment}
    SERIALIZATION_FUNCS = {"iso": _rfc3339}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs, example="2026-03-01T09:00:00Z"))


def _day(text: str) -> date:
    if not _DAY.fullmatch(text):
        raise ValueError
    day = date.fromisoformat(text)
    if day.year not in DAY_YEARS:
        raise ValidationError(f"must be of the years {DAY_YEARS[0]} to {DAY_YEARS[-1]}")
    return day


class Day(fields.Date):
    """A calendar day, YYYY-MM-DD, of the years 1900 to 2199."""

    default_error_messages = {"invalid": "must be a day such as 2026-03-01"}
    DESERIALIZATION_FUNCS = {"iso": _day}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs, example="2026-03-01"))


@cache
def _zones() -> frozenset[str]:
    # Listing them reads hundreds of files. Two of them say nothing: the machine's own zone, and none at all.
    return frozenset(available_timezones() - {"localtime", "Factory"})


class Zone(fields.String):
    """The IANA name of a time zone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs, example="Europe/Berlin"))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text not in _zones():
            raise ValidationError("must be the IANA name of a time zone, such as Europe/Berlin")
        return text


class Whole(fields.Integer):
    """A JSON integer from `min` to `max`, both included; never a string, a fraction or a boolean."""

    default_error_messages = {"invalid": "must be a whole number"}

    def __init__(self, min: int, max: int, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=_range(min, max), **kwargs)


class Flag(fields.Boolean):
    """A JSON true or false; never a string or a number."""

    default_error_messages = {"invalid": "must be true or false"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        # Asked for its type: to Python 1 equals True.
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Number(fields.Float):
    """A finite JSON number from `min` to `max`, both included; never a string or a boolean."""

    default_error_messages = {"invalid": "must be a number"}

    def __init__(self, min: float, max: float, **kwargs: Any) -> None:
        super().__init__(validate=_range(min, max), **kwargs)

    def _validated(self, value: Any) -> float:
        if not isinstance(value, int | float):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


def _range(min: float, max: float) -> Range:
    return Range(min, max, error="must be from {min} to {max}")


class Email(fields.String):
    """A mail address, stripped. Only its outline is checked: whether it works, a message has to show."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**_described(kwargs, format="email", maxLength=MAX_EMAIL, example="alice@example.org"))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs).strip()
        if len(text) > MAX_EMAIL or not _EMAIL.fullmatch(text) or _CONTROL.search(text):
            raise ValidationError("must be a mail address, such as alice@example.org")
        return text


class AsTold(fields.Nested):
    """What is made as its schema says and goes out as it is: to look at each figure takes longer than to count it."""

    def _serialize(self, *told: Any, **kwargs: Any) -> Any:
        return told[0]
