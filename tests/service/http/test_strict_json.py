import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.http.strict_json import MAX_DEPTH, BadJson, loads

REFUSED = [
    (b"", "empty_body", None),
    (b" \r\n\t ", "empty_body", None),
    (b'\xef\xbb\xbf{"a": 1}', "not_utf8", None),
    ('{"a": "é"}'.encode("latin-1"), "not_utf8", None),
    ('{"a": 1}'.encode("utf-16"), "not_utf8", None),
    ('{"a": 1}'.encode("utf-16-le"), "nul_character", None),
    (b'{"a": "\xed\xa0\x80"}', "not_utf8", None),
    (b'{"a": "b\0c"}', "nul_character", None),
    (b'{"a": ["x", "b\\u0000c"]}', "nul_character", "a.1"),
    (b'{"a": {"b\\u0000": 1}}', "nul_character", "a"),
    (b'{"a": "\\ud800"}', "lone_surrogate", "a"),
    (b'{"a": "\\uDFFF tail"}', "lone_surrogate", "a"),
    (b'{"\\udead": 1}', "lone_surrogate", None),
    (b'{"a": {"b": NaN}}', "number_not_finite", "a.b"),
    (b"[1, -Infinity]", "number_not_finite", "1"),
    (b'{"a": 1e999}', "number_not_finite", "a"),
    (b'{"a": ' + b"9" * 400 + b".0}", "number_not_finite", "a"),
    (b"Infinity", "number_not_finite", None),
    (b'{"a": 9223372036854775808}', "integer_out_of_range", "a"),
    (b'{"a": -9223372036854775809}', "integer_out_of_range", "a"),
    (b'{"a": ' + b"7" * 5000 + b"}", "integer_out_of_range", "a"),
    (b'{"a": {"b": 1, "b": 1}}', "duplicate_key", "a"),
    (b'{"a": 1, "\\u0061": 2}', "duplicate_key", None),
    (b'{"a": {"x": 1}, "a": 1e999}', "duplicate_key", None),
    (b'{"a": 1', "bad_json", None),
    (b"{'a': 1}", "bad_json", None),
    (b'{"a": 1} x', "bad_json", None),
    (b'{"a": 01}', "bad_json", None),
    (b'{"a": "line\nbreak"}', "bad_json", None),
    (b'{"a": "\\ud8"}', "bad_json", None),
    (b"[}", "bad_json", None),
    (b"]" * 10_000, "bad_json", None),
    (b"[" * 10_000, "too_deep", None),
    (b'{"a":' * 10_000, "too_deep", None),
    (b"[" * 10_000 + b"]" * 10_000, "too_deep", None),
    (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "too_deep", None),
    (b"[" * 10_000 + b'\\"' + b"]" * 10_000, "too_deep", None),
]


@pytest.mark.parametrize(("raw", "code", "field"), REFUSED, ids=lambda value: repr(value)[:40])
def test_what_no_engine_should_be_asked_to_store_is_refused_at_its_spot(
    raw: bytes, code: str, field: str | None
) -> None:
    with pytest.raises(BadJson) as refused:
        loads(raw)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.message


ACCEPTED = [
    b'{"a": [1, -0, 1.5, 1e3, true, false, null]}',
    b"[9223372036854775807, -9223372036854775808]",
    b'"\\ud83d\\ude00"',
    '{"é": "😀"}'.encode(),
    b'"a backslash and the letters u0000: \\\\u0000, \\\\ud800"',
    b'["' + b"[" * 100 + b'"]',
    b'["\\\\", "' + b"[" * 100 + b'"]',
    b'["\\"' + b"[{" * 100 + b'\\\\"]',
    b'["' + b'\\"[' * 100 + b'"]',
    b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,
    b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH,
    b"[" + b"[]," * 5000 + b"[]]",
]


@pytest.mark.parametrize("raw", ACCEPTED, ids=lambda value: repr(value)[:40])
def test_good_json_reads_as_the_standard_library_reads_it(raw: bytes) -> None:
    assert loads(raw) == json.loads(raw)


def test_one_level_beyond_the_limit_is_refused_wherever_it_lies() -> None:
    deep = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    for raw in (b"[" + deep + b"]", b'{"a": 1, "b": ' + deep + b"}", b"[[]," + deep + b",[]]"):
        with pytest.raises(BadJson, match="32"):
            loads(raw)


def test_the_duplicate_key_is_named() -> None:
    with pytest.raises(BadJson, match='"desire" is given twice'):
        loads(b'{"awareness": 1, "desire": 2, "desire": 3}')


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)


@given(VALUES, st.booleans())
def test_every_storable_value_survives_a_round_trip(value: object, ascii_only: bool) -> None:
    assert loads(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=60) | st.text('[]{}",:\\u0d8eE+-.1 tnfaN', max_size=60).map(str.encode))
def test_any_bytes_end_in_a_value_or_a_verdict(raw: bytes) -> None:
    try:
        value = loads(raw)
    except BadJson:
        return
    assert value == json.loads(raw)
