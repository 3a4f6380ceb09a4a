"""Verification, offline: does the chain hold, are its heads signed, and does it reach a head kept elsewhere?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

import msgspec

from events.archive import BadArchive, Reader
from events.chain import GENESIS, link
from events.heads import Head, signed_by
from events.types.trust import HeadSigned


@dataclass(frozen=True)
class Verdict:
    """events: how many were read. bad_position: the first that is wrong, None when all hold. reason: in words.

    public_key: of the heads in the log; who knows it from elsewhere can tell a log rewritten with another key.
    """

    events: int
    bad_position: int | None
    reason: str
    public_key: str | None = None

    @property
    def holds(self) -> bool:
        return self.bad_position is None


class _Bad(Exception):
    def __init__(self, position: int, reason: str) -> None:
        super().__init__(reason)
        self.position, self.reason = position, reason


def verify_rows(rows: Iterable[Mapping[str, Any]], trusted: Head | None = None) -> Verdict:
    """Checks rows of a log, oldest first; `trusted` is a head that was kept outside."""
    state = _Chain(trusted)
    try:
        for row in rows:
            state.take(row)
        state.end()
    except _Bad as bad:
        return Verdict(state.position, bad.position, bad.reason, state.public_key)
    return Verdict(state.position, None, "every event follows from the one before", state.public_key)


def verify_archive(source: IO[bytes], trusted: Head | None = None) -> Verdict:
    """Checks an export. Raises BadArchive only for a file whose first line is not that of an export."""
    reader = Reader(source)
    state = _Chain(trusted, reader.opening.public_key)
    try:
        for line in reader.rows():
            if line.workspace_id != reader.opening.workspace_id:
                raise _Bad(state.position + 1, "the event is another workspace's")
            state.take(msgspec.structs.asdict(line))
        _check_closing(reader, state)
        state.end()
    except _Bad as bad:
        return Verdict(state.position, bad.position, bad.reason, state.public_key)
    except BadArchive as bad:
        return Verdict(state.position, state.position + 1, str(bad), state.public_key)
    return Verdict(state.position, None, "every event follows from the one before", state.public_key)


class _Chain:
    """What was read so far: position, hash, and the key that signs."""

    def __init__(self, trusted: Head | None, public_key: str | None = None) -> None:
        self._trusted = trusted
        self.public_key = public_key
        self.position, self.last_hash = 0, GENESIS
        self._recorded_at: datetime | None = None

    def take(self, row: Mapping[str, Any]) -> None:
        position = self.position + 1
        if row["position"] != position:
            raise _Bad(position, f"position {position} is missing")
        if link(self.last_hash, row) != row["hash"]:
            raise _Bad(position, "the event, or the one before it, was altered")
        if self._recorded_at and row["recorded_at"] < self._recorded_at:
            raise _Bad(position, "the event is recorded earlier than the one before it")
        if row["type"] == HeadSigned.wire:
            self._check_head(position, row)
        trusted = self._trusted
        if trusted and trusted.position == position and trusted.hash != row["hash"]:
            raise _Bad(position, "the log differs from the head that was kept")
        self.position, self.last_hash, self._recorded_at = position, row["hash"], row["recorded_at"]

    def end(self) -> None:
        trusted = self._trusted
        if trusted is None:
            return
        if trusted.position > self.position:
            raise _Bad(self.position + 1, f"the tail is cut: the head that was kept is at position {trusted.position}")
        if self.public_key not in (None, trusted.public_key):
            raise _Bad(self.position, "the log is signed with another key than the head that was kept")

    def _check_head(self, position: int, row: Mapping[str, Any]) -> None:
        try:
            told = msgspec.json.decode(row["data"], type=HeadSigned)
        except msgspec.MsgspecError:
            raise _Bad(position, "the signed head cannot be read") from None
        head = Head(row["workspace_id"], told.position, told.hash, told.signed_at, told.public_key, told.signature)
        self.public_key = self.public_key or head.public_key
        if (head.position, head.hash) != (self.position, self.last_hash):
            raise _Bad(position, "the signed head is not that of the event before it")
        if head.public_key != self.public_key or not head.holds():
            raise _Bad(position, "the signed head is not signed by the log's key")


def _check_closing(reader: Reader, state: _Chain) -> None:
    closing, key = reader.closing, reader.opening.public_key
    if closing is None:
        raise _Bad(state.position + 1, "the file is cut off: it has no end")
    head = closing.head
    if (head.workspace_id, head.position, head.hash) != (reader.opening.workspace_id, state.position, state.last_hash):
        raise _Bad(state.position + 1, f"the export's own head is at position {head.position}")
    if head.public_key != key or not head.holds():
        raise _Bad(state.position, "the export's head is not signed by its key")
    if closing.digest != reader.digest.hex() or not signed_by(key, closing.seal, reader.digest):
        raise _Bad(state.position, "the export was altered after it was sealed")
