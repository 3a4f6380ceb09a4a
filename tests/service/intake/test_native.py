"""The fast way into the usage log never accepts what strict JSON, item by item, would refuse or read differently."""

from __future__ import annotations

import json
import random

import pytest

from service.http import strict_json
from service.intake.native import judge, plain_items

NOW = "2026-11-20T09:00:00Z"
GOOD = {"id": "a", "app": "copilot", "feature": "chat", "actor": "p1", "occurred_at": NOW}


def body(*items: object) -> bytes:
    return json.dumps({"events": items}).encode()


def strictly(raw: bytes) -> object:
    """What the slow way makes of a body: the uses, or that something in it is refused."""
    try:
        value = strict_json.loads(raw)
    except strict_json.BadJson:
        return "refused"
    if not isinstance(value, dict) or set(value) != {"events"} or not isinstance(value["events"], list):
        return "refused"
    judged = judge(value["events"], 100_000)
    return "refused" if judged.rejected else judged.uses


@pytest.mark.parametrize(
    "raw",
    [
        body(GOOD),
        body(),
        body(GOOD, {**GOOD, "id": "b", "count": 3, "duration_ms": 0}),
        body({**GOOD, "actor": "Zoë"}).replace(b"\\u00eb", "ë".encode()),
    ],
    ids=["one", "none", "with numbers", "beyond ASCII"],
)
def test_a_body_beyond_doubt_is_read_as_strictly(raw: bytes) -> None:
    items = plain_items(raw)
    assert items is not None
    assert judge(items, 100_000).uses == strictly(raw) != "refused"


@pytest.mark.parametrize(
    "raw",
    [
        body({**GOOD, "properties": {"a": 1}}),
        body({**GOOD, "id": "a\u0000"}),
        body({**GOOD, "id": "a\u0085"}).replace(b"\\u0085", b"\xc2\x85"),
        body({**GOOD, "id": "a\u007f"}),
        body({**GOOD, "id": 'a"b'}),
        body({**GOOD, "surplus": 1}),
        body({**GOOD, "count": 3.0}),
        body({**GOOD, "count": 0}),
        body({**GOOD, "count": None}),
        body({name: value for name, value in GOOD.items() if name != "actor"}),
        body(GOOD).replace(b'"id": "a"', b'"id": "a", "id": "b"'),
        body(GOOD).replace(b'{"events"', b'{"events": [], "events"'),
        b"\xef\xbb\xbf" + body(GOOD),
        body(GOOD) + b"x",
        b"[]",
        b"",
    ],
)
def test_a_doubtful_body_is_left_to_strict_json(raw: bytes) -> None:
    assert plain_items(raw) is None


def test_whatever_is_altered_in_a_body_the_fast_way_agrees_with_the_strict_one_or_stands_aside() -> None:
    chance = random.Random(4)
    raw = body(GOOD, {**GOOD, "id": "b", "count": 12, "duration_ms": 5}, {**GOOD, "actor": "p 2"})
    pieces = [
        b'"',
        b",",
        b":",
        b"}",
        b"]",
        b"0",
        b"-",
        b".5",
        b"e9",
        b" ",
        b"\t",
        b"\n",
        b"\x85",
        b"\xc2\x85",
        b"null",
        b'"id":"z",',
    ]
    taken = 0
    for _ in range(20_000):
        altered = bytearray(raw)
        for _ in range(chance.randint(1, 2)):
            at = chance.randrange(len(altered))
            altered[at : at + chance.randint(0, 2)] = chance.choice(pieces)
        items = plain_items(bytes(altered))
        if items is not None:
            judged = judge(items, 100_000)
            strict = strictly(bytes(altered))
            assert strict == ("refused" if judged.rejected else judged.uses), bytes(altered)
            taken += 1
    assert taken > 500, "too little was read the fast way to say anything"
