"""A signed head is whoever's key it names, says one thing only, and is read back from a file of many."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from events.heads import Head, NotAHead, public_key, read_heads, sign, sign_head, signed_by
from tests.events.cast import HOME, NOON
from tests.events.exports import OURS, THEIRS

HASH = "ab" * 32
HEAD = sign_head(OURS, HOME, 7, HASH, NOON)
LINE = HEAD.line().encode()


def test_a_head_holds_and_its_line_reads_back_as_the_same() -> None:
    assert HEAD.holds()
    assert read_heads([LINE, b"\n", b"  \n", LINE + b"\n"]) == [HEAD, HEAD]
    assert b"\n" not in LINE


@pytest.mark.parametrize(
    "change",
    [
        {"workspace_id": "elsewhere"},
        {"position": 8},
        {"hash": "cd" * 32},
        {"signed_at": NOON + timedelta(microseconds=1)},
        {"public_key": public_key(THEIRS)},
        {"signature": sign(THEIRS, b"")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_head_that_says_anything_else_holds_no_longer(change: dict[str, object]) -> None:
    altered: Head = replace(HEAD, **change)  # type: ignore[arg-type]
    assert not altered.holds()
    with pytest.raises(NotAHead, match="line 2 is not signed by the key it names"):
        read_heads([LINE, altered.line().encode()])


def test_a_head_signed_by_a_clock_of_another_zone_is_the_same_instant_in_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert sign_head(OURS, HOME, 7, HASH, NOON.astimezone(tokyo)) == HEAD


def test_a_signature_can_be_checked_by_anybody_who_reads_how_it_is_made() -> None:
    said = json.loads(LINE)
    statement = {name: said[name] for name in ("workspace_id", "position", "hash", "signed_at")}
    text = json.dumps(statement | {"format": "takehold-head-1"}, sort_keys=True, separators=(",", ":"))
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(said["public_key"]))
    key.verify(bytes.fromhex(said["signature"]), text.encode())


def test_a_signature_passes_in_one_spelling_only() -> None:
    key, signature = public_key(OURS), sign(OURS, b"said")
    assert signed_by(key, signature, b"said")
    assert not signed_by(key, signature.upper(), b"said")
    assert not signed_by(key.upper(), signature, b"said")
    assert not signed_by(key, f"{signature[:2]} {signature[2:]}", b"said")


@pytest.mark.parametrize(
    ("key", "signature"), [("", ""), ("00", "00"), ("xy" * 32, "00" * 64), ("ü" * 64, "00" * 64), ("00" * 32, "0")]
)
def test_what_is_no_key_or_no_signature_signs_nothing(key: str, signature: str) -> None:
    assert not signed_by(key, signature, b"said")


@pytest.mark.parametrize(
    "line", [b"{}", b"null", b"\xff\xfe", b"not json", LINE[:-5], LINE.replace(b'"position":7', b'"position":"7"')]
)
def test_a_line_that_is_no_head_is_named(line: bytes) -> None:
    with pytest.raises(NotAHead, match="line 2 is no signed head"):
        read_heads([LINE, line])


def test_a_file_without_heads_is_refused() -> None:
    with pytest.raises(NotAHead, match="there is no signed head"):
        read_heads([b"\n"])
