"""Verification, offline: does the chain hold, are its heads signed, and does it agree with heads kept elsewhere?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import msgspec

from events.archive import BadArchive, Reader
from events.chain import GENESIS, link, plain
from events.heads import Head, signed_by
from events.stored import Unreadable
from events.types.trust import HeadSigned

_HOLDS = "every event follows from the one before"


@dataclass(frozen=True)
class Verdict:
    """events: how many hold. bad_position: the first that does not, None when all do; what closes an export counts as
    the position after its last event. reason: in words.

    public_key: that signs the log; who knows it from elsewhere can tell a log rewritten with another key.
    """

    workspace_id: str
    events: int
    bad_position: int | None
    reason: str
    public_key: str | None

    @property
    def holds(self) -> bool:
        return self.bad_position is None


class _Bad(Exception):
    def __init__(self, position: int, reason: str) -> None:
        super().__init__(reason)
        self.position, self.reason = position, reason


def verify_rows(workspace_id: str, rows: Iterable[Mapping[str, Any]], kept: Sequence[Head] = ()) -> Verdict:
    """Checks rows of a workspace's log, oldest first; `kept` are heads that were kept outside."""
    chain = _Chain(workspace_id, kept)
    try:
        for row in rows:
            chain.take(row)
        chain.end()
    except (_Bad, Unreadable) as bad:
        return chain.verdict(bad.position, str(bad))
    return chain.verdict(None, _HOLDS)


def verify_archive(source: IO[bytes], kept: Sequence[Head] = (), workspace_id: str | None = None) -> Verdict:
    """Checks an export, of a certain workspace if one is named.

    Raises BadArchive only where the first line is not that of an export, or of one of another workspace.
    """
    reader = Reader(source)
    opening = reader.opening
    if workspace_id not in (None, opening.workspace_id):
        raise BadArchive(f"there is no workspace {workspace_id} in it: this is the log of {opening.workspace_id}")
    chain = _Chain(opening.workspace_id, kept, opening.public_key)
    try:
        for line in reader.rows():
            chain.take(msgspec.structs.asdict(line))
        _check_closing(reader, chain)
        chain.end()
    except _Bad as bad:
        return chain.verdict(bad.position, bad.reason)
    except BadArchive as bad:
        return chain.verdict(chain.position + 1, str(bad))
    return chain.verdict(None, _HOLDS)


class _Chain:
    """What was read so far: position, hash, and the key that signs."""

    def __init__(self, workspace_id: str, kept: Sequence[Head], named_key: str | None = None) -> None:
        self._workspace_id = workspace_id
        self._foreign = bool(kept)
        self._kept: dict[int, list[Head]] = {}
        # The key of the first head that was kept: whoever rewrites the log later can name any other.
        self.public_key = named_key
        for head in kept:
            if head.workspace_id == workspace_id:
                if self._foreign:
                    self.public_key, self._foreign = head.public_key, False
                self._kept.setdefault(head.position, []).append(head)
        self._named_key = named_key
        self.position, self.last_hash = 0, GENESIS
        self._recorded_at = ""

    def verdict(self, bad_position: int | None, reason: str) -> Verdict:
        return Verdict(self._workspace_id, self.position, bad_position, reason, self.public_key)

    def take(self, row: Mapping[str, Any]) -> None:
        position = self.position + 1
        if self._foreign:
            raise _Bad(position, "no head that was kept is of this workspace")
        if row["position"] != position:
            raise _Bad(position, f"position {position} is missing")
        if row["workspace_id"] != self._workspace_id:
            raise _Bad(position, "the event is another workspace's")
        if not _follows(self.last_hash, row):
            raise _Bad(position, "the event, or the one before it, was altered")
        recorded_at = str(plain(row["recorded_at"]))
        if recorded_at < self._recorded_at:
            raise _Bad(position, "the event is recorded earlier than the one before it")
        if row["type"] == HeadSigned.wire:
            self._check_head(position, row)
        for head in self._kept.pop(position, ()):
            if head.hash != row["hash"]:
                raise _Bad(position, "the log differs from a head that was kept")
            if head.public_key != self.public_key:
                raise _Bad(position, "a head that was kept is signed by another key")
        self.position, self.last_hash, self._recorded_at = position, row["hash"], recorded_at

    def end(self) -> None:
        after = self.position + 1
        if self._kept:
            last = max(self._kept)
            raise _Bad(after, f"a head that was kept is at position {last}: the tail is cut, or this copy is older")
        if self._named_key not in (None, self.public_key):
            raise _Bad(after, "the export is signed by another key than the heads that were kept")

    def _check_head(self, position: int, row: Mapping[str, Any]) -> None:
        try:
            told = msgspec.json.decode(row["data"], type=HeadSigned)
        except msgspec.MsgspecError:
            raise _Bad(position, "the signed head cannot be read") from None
        head = Head(self._workspace_id, told.position, told.hash, told.signed_at, told.public_key, told.signature)
        self.public_key = self.public_key or head.public_key
        if (head.position, head.hash) != (self.position, self.last_hash):
            raise _Bad(position, "the signed head is not that of the event before it")
        if head.public_key != self.public_key or not head.holds():
            raise _Bad(position, "the signed head is not signed by the log's key")


def _follows(previous: str, row: Mapping[str, Any]) -> bool:
    try:
        return bool(link(previous, row) == row["hash"])
    except (AttributeError, TypeError, ValueError, msgspec.MsgspecError):
        # A column that holds what no event ever has there, such as nothing at all where the text belongs.
        return False


def _check_closing(reader: Reader, chain: _Chain) -> None:
    closing, opening, after = reader.closing, reader.opening, chain.position + 1
    if closing is None:
        raise _Bad(after, "the file is cut off: it has no end")
    if chain.position == 0:
        raise _Bad(after, "there are no events")
    head, key = closing.head, opening.public_key
    # The signature first: only of a genuine head is it worth saying how the log differs from it.
    if (head.workspace_id, head.public_key) != (opening.workspace_id, key) or not head.holds():
        raise _Bad(after, "the export's head is not signed by its key")
    if head.position != chain.position:
        raise _Bad(after, f"the export's own head is at position {head.position}")
    if head.hash != chain.last_hash:
        raise _Bad(chain.position, "the log differs from the export's own head")
    if closing.digest != reader.digest.hex() or not signed_by(key, closing.seal, reader.digest):
        raise _Bad(after, "the export was altered after it was sealed")
