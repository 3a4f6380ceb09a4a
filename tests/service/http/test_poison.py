"""Whatever a body holds, the answer is a clear 4xx that names the field, and the next good request is taken."""

import gzip
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

GOOD: dict[str, Any] = {
    "person": "alice",
    "scores": {"awareness": 4, "desire": 2},
    "features": [{"app": "copilot"}],
    "occurred_at": "2025-03-01T10:00:00+01:00",
    "note": "Knows why.\nNot yet how.",
}


def varied(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def with_raw(text: str) -> bytes:
    """A good body whose `extra.x` is the JSON `text`."""
    return varied(extra={"x": "@"}).replace(b'"@"', text.encode())


# name, body, status, code, field at fault (None: no fields are listed)
POISON: list[tuple[str, bytes, int, str, str | None]] = [
    ("nothing", b"", 400, "empty_body", None),
    ("blanks", b" \n", 400, "empty_body", None),
    ("no JSON", b"person=alice", 400, "bad_json", None),
    ("cut off", varied()[:-1], 400, "bad_json", None),
    ("byte order mark", b"\xef\xbb\xbf" + varied(), 400, "not_utf8", None),
    ("latin-1", varied().replace(b"alice", b"ali\xe7e"), 400, "not_utf8", None),
    ("raw NUL", varied().replace(b"alice", b"ali\0ce"), 400, "nul_character", None),
    ("escaped NUL", varied(person="ali\0ce"), 400, "nul_character", "person"),
    ("NUL in a free dictionary", varied(extra={"x": "\0"}), 400, "nul_character", "extra.x"),
    ("NUL in a key", varied(extra={"\0": 1}), 400, "nul_character", "extra"),
    ("lone surrogate", varied(features=[{"app": "\ud800"}]), 400, "lone_surrogate", "features.0.app"),
    ("NaN", with_raw("NaN"), 400, "number_not_finite", "extra.x"),
    ("minus infinity", with_raw("[-Infinity]"), 400, "number_not_finite", "extra.x.0"),
    ("a float beyond floats", with_raw("1e999"), 400, "number_not_finite", "extra.x"),
    ("an integer of 64 bits and one", with_raw("9223372036854775808"), 400, "integer_out_of_range", "extra.x"),
    ("an integer of 5,000 digits", with_raw("9" * 5000), 400, "integer_out_of_range", "extra.x"),
    ("duplicate keys", with_raw('{"k": 1, "k": 2}'), 400, "duplicate_key", "extra.x"),
    ("10,000 levels", with_raw("[" * 10_000 + "]" * 10_000), 400, "too_deep", None),
    ("10,000 levels left open", b'{"a":' * 10_000, 400, "too_deep", None),
    ("an array", b"[]", 422, "invalid", None),
    ("a string", b'"alice"', 422, "invalid", None),
    ("null", b"null", 422, "invalid", None),
    ("cut-off gzip", gzip.compress(varied())[:-3], 400, "bad_gzip", None),
    ("a mebibyte and a byte", b" " * (2**20 + 1), 413, "too_large", None),
    ("a gzip bomb", gzip.compress(b" " * (10 * 2**20 + 1)), 413, "too_large", None),
    ("an unknown field", varied(colour="red"), 422, "invalid", "colour"),
    ("an unknown field within", varied(scores={"awareness": 1, "desire": 1, "luck": 1}), 422, "invalid", "scores.luck"),
    ("a missing field within", varied(scores={"awareness": 1}), 422, "invalid", "scores.desire"),
    ("a score as a string", varied(scores={"awareness": 1, "desire": "3"}), 422, "invalid", "scores.desire"),
    ("a score with a fraction", varied(scores={"awareness": 1, "desire": 3.9}), 422, "invalid", "scores.desire"),
    ("a score of true", varied(scores={"awareness": 1, "desire": True}), 422, "invalid", "scores.desire"),
    ("a score of six", varied(scores={"awareness": 1, "desire": 6}), 422, "invalid", "scores.desire"),
    ("a list for an object", varied(scores=[]), 422, "invalid", "scores"),
    ("an object for a list", varied(features={}), 422, "invalid", "features"),
    ("a bad item of a list", varied(features=[{"app": "ok"}, {"app": "Not OK"}]), 422, "invalid", "features.1.app"),
    ("null for a name", varied(person=None), 422, "invalid", "person"),
    ("a number for a name", varied(person=7), 422, "invalid", "person"),
    ("a bell in a name", varied(person="ali\ace"), 422, "invalid", "person"),
    ("a name of 257 characters", varied(person="a" * 257), 422, "invalid", "person"),
    ("a note of blanks", varied(note="  \n"), 422, "invalid", "note"),
    ("a time without a zone", varied(occurred_at="2025-03-01T10:00:00"), 422, "invalid", "occurred_at"),
    ("a time of year one", varied(occurred_at="0001-01-01T00:00:00+14:00"), 422, "invalid", "occurred_at"),
    ("a time of year 9999", varied(occurred_at="9999-12-31T23:59:59-14:00"), 422, "invalid", "occurred_at"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status", "code", "field"), [case[1:] for case in POISON], ids=[case[0] for case in POISON]
)
def test_poison_gets_a_clear_verdict_and_the_next_request_is_taken(
    client: FlaskClient, body: bytes, status: int, code: str, field: str | None
) -> None:
    answer = client.post("/assessments", data=body, content_type="application/json")
    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert [error["field"] for error in problem.get("errors", [])] == ([] if field is None else [field])
    assert problem["message"]

    good = client.post("/assessments", json=GOOD)
    assert good.status_code == 201
    assert good.get_json() == {**GOOD, "occurred_at": "2025-03-01T09:00:00Z"}


@pytest.mark.parametrize("path", ["/people/ali%00ce", "/adoption?days=1%00", "/adoption?days=1&%00=2"])
def test_nul_in_an_address_gets_the_verdict_it_gets_in_a_body(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "nul_character")
    assert client.get(path.replace("&%00=2", "").replace("%00", "")).status_code == 200


def test_a_broken_query_parameter_is_named_without_its_location(client: FlaskClient) -> None:
    problem = client.get("/adoption?days=soon").get_json()
    assert problem["code"] == "invalid"
    assert [error["field"] for error in problem["errors"]] == ["days"]
