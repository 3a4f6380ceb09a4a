from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from marshmallow import ValidationError
from marshmallow.fields import Field

from service.http.fields import Day, Email, ExternalId, Instant, Key, Number, Text, Whole, Zone

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _at_nine_on_the_first_of_march() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


TAKEN: list[tuple[Field[Any], Any, Any]] = [
    (Key(), "sales-emea.2_b", "sales-emea.2_b"),
    (Key(), "7", "7"),
    (Key(), "a" * 64, "a" * 64),
    (Text(5), "  höre\n", "höre"),
    (Text(5), "a\r\n\tb", "a\n\tb"),
    (ExternalId(), "Ada Lovelace@EXAMPLE|7 ", "Ada Lovelace@EXAMPLE|7 "),
    (ExternalId(), "x" * 256, "x" * 256),
    (Instant(), "2026-03-01T09:00:00Z", NOW),
    (Instant(), "2026-03-01t10:00:00.000+01:00", NOW),
    (Instant(), "2026-03-01T09:00:00.123456789Z", NOW.replace(microsecond=123456)),
    (Instant(), "2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC)),
    (Instant(), "2026-03-02T08:00:00Z", datetime(2026, 3, 2, 8, tzinfo=UTC)),
    (Day(), "2026-02-28", date(2026, 2, 28)),
    (Day(), "2199-12-31", date(2199, 12, 31)),
    (Zone(), "Europe/Berlin", "Europe/Berlin"),
    (Zone(), "UTC", "UTC"),
    (Whole(1, 5), 1, 1),
    (Whole(1, 5), 5, 5),
    (Number(0, 1), 1, 1.0),
    (Number(0, 1), 0.5, 0.5),
    (Email(), " Alice.B+x@mail.example.org ", "Alice.B+x@mail.example.org"),
]


@pytest.mark.parametrize(("field", "value", "read"), TAKEN, ids=lambda value: repr(value)[:40])
def test_a_good_value_is_read(field: Field[Any], value: Any, read: Any) -> None:
    result = field.deserialize(value)
    assert (result, type(result)) == (read, type(read))
    assert not isinstance(result, datetime) or result.tzinfo is UTC


REFUSED: list[tuple[Field[Any], Any, str]] = [
    *((Key(), value, "lower-case") for value in ["", "A", "-a", ".a", "a b", "a\n", "a" * 65, "ä", "a/b"]),
    *((Text(5), value, "1 to 5") for value in ["", " \n ", "sixsix"]),
    *((Text(5), value, "control") for value in ["a\x07b", "a\x9bb", "a\rb", "a\x7fb"]),
    *((ExternalId(), value, "256") for value in ["", "x" * 257]),
    *((ExternalId(), value, "control") for value in ["a\nb", "a\tb", "a\x85b", "\x00"]),
    (Instant(), "2026-03-01T09:00:00", "needs a time zone, such as 2026-03-01T09:00:00Z"),
    (Instant(), "2026-03-01T09:00:00 01:00", r"write \+ as %2B"),
    (Instant(), "2026-03-02T08:00:01Z", "23 hours ahead"),
    (Instant(), "9999-12-31T23:59:59-14:00", "23 hours ahead"),
    (Instant(), "1999-12-31T23:59:59Z", "2000"),
    (Instant(), "0001-01-01T00:00:00+14:00", "2000"),
    *(
        (Instant(), value, "date and time such as")
        for value in [
            "", "2026-03-01", "2026-03-01 09:00:00Z", "20260301T090000Z", "2026-W09-7T09:00:00Z",
            "2026-02-30T09:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T09:00:00+24:00", "2026-03-01T09:00Z",
            "２026-03-01T09:00:00Z", "2026-03-01T09:00:00Z\n", 1772355600, True, [], {},
        ]
    ),
    *((Day(), value, "day such as") for value in ["", "20260301", "2026-W09-1", "2026-02-29", "2026-03-01T00", 1]),
    *((Day(), value, "1900 to 2199") for value in ["0001-01-01", "9999-12-31", "1899-12-31", "2200-01-01"]),
    *((Zone(), value, "IANA") for value in ["", "europe/berlin", "Mars/Base", "../passwd", "localtime", "Europe"]),
    *((Whole(1, 5), value, "whole number") for value in [3.9, 3.0, "3", True, False, [], {}, float("nan")]),
    *((Whole(1, 5), value, "from 1 to 5") for value in [0, 6, -1, 2**63]),
    *((Number(0, 1), value, "must be a number") for value in ["0.5", True, False, [], {}]),
    *((Number(0, 1), value, "from 0 to 1") for value in [-0.01, 1.01, 2**63]),
    *((Number(0, 1), value, "not permitted") for value in [float("nan"), float("inf")]),
    *(
        (Email(), value, "mail address")
        for value in ["", "alice", "alice@example", "@example.org", "a@b@c.org", "a b@c.org", "a@c.org\r\nBcc: b@c.org",
                      "a@c..org", "a\x00@c.org", "a@" + "c" * 250 + ".org"]
    ),
    *((field, None, "null") for field in [Key(), Text(5), ExternalId(), Instant(), Day(), Zone(), Whole(1, 5)]),
    *((field, 7, "string") for field in [Key(), Text(5), ExternalId(), Zone(), Email()]),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "reason"), REFUSED, ids=lambda value: repr(value)[:40])
def test_a_bad_value_is_refused_with_its_reason(field: Field[Any], value: Any, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        field.deserialize(value)


def test_an_instant_is_written_in_utc_with_a_z() -> None:
    there = datetime.fromisoformat("2026-03-01T10:00:00+01:00")
    assert Instant().serialize("at", {"at": there}) == "2026-03-01T09:00:00Z"
    assert Instant().serialize("at", {"at": None}) is None


def test_a_field_can_say_more_about_itself_than_its_kind_does() -> None:
    assert Key(metadata={"description": "The role", "example": "sales"}).metadata == {
        "pattern": "^[a-z0-9][a-z0-9._-]{0,63}$",
        "minLength": 1,
        "maxLength": 64,
        "description": "The role",
        "example": "sales",
    }
