"""Logs with signed heads as a database would hold them, and their exports, made and remade without one."""

from __future__ import annotations

import gzip
import io
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from events.archive import BadArchive, write
from events.catalog import decode, encode
from events.chain import GENESIS, link
from events.heads import Head, sign_head
from events.types.base import Event
from events.types.change import RoleImpacted
from events.types.people import PersonOptedOut
from events.types.trust import HeadSigned
from events.verify import verify_archive
from tests.events.cast import HOME, NOON

OURS, THEIRS = bytes(range(32)), bytes(range(32, 64))
"""Seeds of two signing keys."""
Row = dict[str, Any]


def told(number: int) -> Event:
    """Something that happened; every other time with characters that JSON escapes."""
    if number % 2:
        return PersonOptedOut(person=UUID(int=number), opted_out=True)
    return RoleImpacted(
        change=UUID(int=1), role=UUID(int=number), key="ärzte", name='Ä "\\\n\x1f/\u2028', courses=("b", "a")
    )


def row(event: Event, before: Sequence[Row], workspace: str = HOME) -> Row:
    """The row that follows on others."""
    position = len(before) + 1
    at = NOON + timedelta(microseconds=position)
    values: Row = {
        "workspace_id": workspace,
        "position": position,
        "stream": UUID(int=position),
        "stream_version": 1,
        "event_id": UUID(int=2**64 + position),
        "type": event.wire,
        "schema_version": event.version,
        "data": encode(event),
        "actor": "system",
        "via": "cli",
        "import_id": None,
        "app_version": "0.1.0",
        "correlation": UUID(int=7) if position % 3 else None,
        "causation": None,
        "occurred_at": NOON,
        "recorded_at": at,
    }
    return values | {"hash": link(before[-1]["hash"] if before else GENESIS, values)}


def history(length: int = 12, signed: Collection[int] = (5, 9), seed: bytes = OURS, workspace: str = HOME) -> list[Row]:
    """A log in which the events of the positions `signed` are signed heads."""
    rows: list[Row] = []
    for position in range(1, length + 1):
        event = _signing(rows, seed) if position in signed else told(position)
        rows.append(row(event, rows, workspace))
    return rows


def head_at(rows: Sequence[Row], position: int, seed: bytes = OURS) -> Head:
    """The head that would have been kept at a position."""
    here = rows[position - 1]
    return sign_head(seed, here["workspace_id"], position, here["hash"], NOON)


def rewritten(rows: Sequence[Row], at: int, seed: bytes | None = None) -> list[Row]:
    """The log as if something else had happened at a position, with hashes that follow; signed anew with `seed`."""
    made = list(rows[: at - 1])
    for old in rows[at - 1 :]:
        event = decode(old["type"], old["schema_version"], old["data"])
        if old["position"] == at and not isinstance(event, HeadSigned):
            event = PersonOptedOut(person=UUID(int=99), opted_out=False)
        elif seed and isinstance(event, HeadSigned):
            event = _signing(made, seed)
        made.append(row(event, made, old["workspace_id"]))
    return made


def exported(rows: Sequence[Row], seed: bytes = OURS) -> bytes:
    packed = io.BytesIO()
    write(packed, rows[0]["workspace_id"], seed, rows, NOON)
    return packed.getvalue()


def lines_of(packed: bytes) -> list[bytes]:
    """The opening, each event at the index of its position, and the closing."""
    return gzip.decompress(packed).splitlines(keepends=True)


def repacked(lines: Sequence[bytes]) -> bytes:
    return gzip.compress(b"".join(lines), compresslevel=1)


def bad_position(packed: bytes, *kept: Head) -> int | None:
    """Where an export does not hold; 1 for one that is refused as a whole."""
    try:
        return verify_archive(io.BytesIO(packed), kept).bad_position
    except BadArchive:
        return 1


def _signing(before: Sequence[Row], seed: bytes) -> HeadSigned:
    head = head_at(before, len(before), seed)
    return HeadSigned(
        position=head.position,
        hash=head.hash,
        signed_at=head.signed_at,
        public_key=head.public_key,
        signature=head.signature,
    )
