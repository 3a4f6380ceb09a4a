"""JSON with one strict verdict, whatever the database engine: what one of them cannot store, nobody may send.

PostgreSQL text holds neither NUL nor lone surrogates and SQLite holds both; both end at 64-bit integers; Python
reads NaN, keeps the last of duplicate keys, and fails with errors of its own on deep nesting and huge integers.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Any

MAX_DEPTH = 32
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1
MAX_INTEGER_TEXT = len(str(MIN_INTEGER))
MAX_NAME_SHOWN = 40

_OTHER_BYTES = bytes(set(range(256)) - set(b"[]{}"))
_AS_SQUARE = bytes.maketrans(b"{}", b"[]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# The only spellings by which a decoded string can come to hold NUL or a lone surrogate.
_DANGEROUS_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class BadJson(Exception):
    """Refused JSON. `field` is the dotted path of the spot, None where it is unknown or the whole body."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


@dataclass(frozen=True)
class _Fault:
    """Stands in the parsed value where something was refused, so that a walk can tell its path."""

    code: str
    message: str


def loads(raw: bytes) -> object:
    """The value of one JSON text in UTF-8.

    BadJson, with `code`: `empty_body`, `not_utf8`, `nul_character`, `too_deep` (more than 32 levels), `bad_json`
    (syntax), `number_not_finite`, `integer_out_of_range` (signed 64 bits), `duplicate_key`, `lone_surrogate`.
    """
    text = _decode(raw)
    if _too_deep(raw):
        raise BadJson("too_deep", f"The JSON is nested deeper than {MAX_DEPTH} levels.")
    value, has_faults = _parse(text)
    if has_faults or _DANGEROUS_ESCAPE.search(raw):
        for fault, path in _faults(value, ()):
            raise BadJson(fault.code, fault.message, ".".join(path) or None)
    return value


def _decode(raw: bytes) -> str:
    if not raw.strip():
        raise BadJson("empty_body", "The body is empty; send JSON.")
    if raw.startswith(b"\xef\xbb\xbf"):
        raise BadJson("not_utf8", "The JSON begins with a byte order mark; send UTF-8 without one.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson("not_utf8", f"The JSON is not UTF-8: see byte {error.start}.") from None
    if "\0" in text:
        raise BadJson("nul_character", "The JSON holds a NUL byte; send UTF-8 without NUL characters.")
    return text


def _too_deep(raw: bytes) -> bool:
    # Before parsing, since the parser recurses. Only whole-body byte operations: a loop over each byte would
    # cost more than parsing. Escapes go, then strings, then all but brackets; each round takes one level off.
    outside = b"".join(raw.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])
    brackets = outside.translate(_AS_SQUARE, _OTHER_BYTES)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"[]", b"")
    # What is never closed does not pair up; a handful of those is left to the parser as a mistake in syntax.
    return b"[]" in brackets or brackets.count(b"[") > MAX_DEPTH


def _parse(text: str) -> tuple[object, bool]:
    faults: list[_Fault] = []

    def refuse(code: str, message: str) -> _Fault:
        faults.append(_Fault(code, message))
        return faults[-1]

    try:
        return _decoder(refuse).decode(text), bool(faults)
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at")
        raise BadJson("bad_json", f"This is not JSON: {what}, line {error.lineno}, column {error.colno}.") from None


def _decoder(refuse: Callable[[str, str], _Fault]) -> json.JSONDecoder:
    def integer(digits: str) -> int | _Fault:
        # Length first: Python refuses thousands of digits with an error of its own.
        if len(digits) <= MAX_INTEGER_TEXT and MIN_INTEGER <= (number := int(digits)) <= MAX_INTEGER:
            return number
        return refuse("integer_out_of_range", "The integer is outside the signed 64-bit range.")

    def real(digits: str) -> float | _Fault:
        number = float(digits)
        return number if isfinite(number) else not_finite(digits)

    def not_finite(_: str) -> _Fault:
        return refuse("number_not_finite", "The number is not finite.")

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Fault:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return refuse("duplicate_key", f"The key {_shown(twice)} is given twice.")

    return json.JSONDecoder(parse_int=integer, parse_float=real, parse_constant=not_finite, object_pairs_hook=members)


def _faults(value: object, path: tuple[str, ...]) -> Iterator[tuple[_Fault, tuple[str, ...]]]:
    if isinstance(value, _Fault):
        yield value, path
    elif isinstance(value, str):
        if fault := _text_fault(value, "string"):
            yield fault, path
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _faults(item, (*path, str(index)))
    elif isinstance(value, dict):
        for key, item in value.items():
            if fault := _text_fault(key, "key"):
                yield fault, path
            yield from _faults(item, (*path, key[:MAX_NAME_SHOWN]))


def _text_fault(text: str, kind: str) -> _Fault | None:
    if "\0" in text:
        return _Fault("nul_character", f"A {kind} holds a NUL character.")
    if _SURROGATE.search(text):
        return _Fault("lone_surrogate", f"A {kind} holds half of a surrogate pair.")
    return None


def _shown(key: str) -> str:
    return json.dumps(key[:MAX_NAME_SHOWN])
