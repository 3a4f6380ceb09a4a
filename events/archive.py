"""The export: an open archive of one workspace's log, which anybody can read and check without us.

Gzip of lines of JSON. The first is `{"takehold": "export", "version": 1, "workspace_id", "public_key"}`; then one line
an event, with the columns of the log as its hash covers them; the last is `{"head", "digest", "seal"}`: the signed head
of the last event, the SHA-256 of all bytes before this line, and its Ed25519 signature. docs/export.md says it all.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

import msgspec

from events.chain import plain
from events.heads import Head, public_key, sign, sign_head

VERSION = 1
LONGEST_LINE = 32 * 1024 * 1024
"""Bytes. Three times the largest body that is taken in; without a limit a small file could fill the memory."""
_CLOSING = b'{"head":'


class BadArchive(Exception):
    """A file is no complete export: foreign, damaged, cut off or of a newer program."""


# Texts, not ids and instants: a value that can be written in two ways would let a change of the text pass unseen.
class Line(msgspec.Struct, forbid_unknown_fields=True):
    """An event as the archive holds it; every column of the log."""

    workspace_id: str
    position: int
    stream: str
    stream_version: int
    event_id: str
    type: str
    schema_version: int
    data: str
    actor: str
    via: str
    import_id: str | None
    app_version: str
    correlation: str | None
    causation: str | None
    occurred_at: str
    recorded_at: str
    hash: str


class Opening(msgspec.Struct, forbid_unknown_fields=True):
    """The first line."""

    takehold: str
    version: int
    workspace_id: str
    public_key: str


class Closing(msgspec.Struct, forbid_unknown_fields=True):
    """The last line."""

    head: Head
    digest: str
    seal: str


class _Kind(msgspec.Struct):
    """What even a newer program's first line tells."""

    takehold: str
    version: int


@dataclass(frozen=True)
class Written:
    """What an export holds."""

    events: int
    head: Head


def write(
    target: IO[bytes], workspace_id: str, seed: bytes, rows: Iterable[Mapping[str, Any]], at: datetime
) -> Written:
    """Writes rows of the log, oldest first and at least one, and seals them with the key that `seed` makes.

    `rows` may be as long as the log; one at a time is held. Raises ValueError for none.
    """
    digest = hashlib.sha256()
    events, last = 0, None
    # No file name and no time in the gzip header: equal logs give equal bytes.
    with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=target, mtime=0) as packed:

        def put(value: msgspec.Struct) -> None:
            line = encoded(value)
            digest.update(line)
            packed.write(line)

        put(Opening("export", VERSION, workspace_id, public_key(seed)))
        for row in rows:
            put(Line(**{name: plain(row[name]) for name in Line.__struct_fields__}))
            events, last = events + 1, row
        if last is None:
            raise ValueError("an empty log has nothing to export")
        head = sign_head(seed, workspace_id, last["position"], last["hash"], at)
        packed.write(encoded(Closing(head, digest.hexdigest(), sign(seed, digest.digest()))))
    return Written(events, head)


def encoded(value: msgspec.Struct) -> bytes:
    """The one way in which a line may stand in the file."""
    return msgspec.json.encode(value) + b"\n"


class Reader:
    """Reads an export line by line. Raises BadArchive, at once for a foreign file, at the place for a spoilt one.

    opening: the first line. closing: the last, known once `rows` is exhausted. digest: SHA-256 of all bytes before it.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self._lines = _lines(source)
        self._digest = hashlib.sha256()
        first = next(self._lines, b"")
        try:
            kind = msgspec.json.decode(first, type=_Kind)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise BadArchive("this is not an export of Takehold") from None
        if kind.takehold != "export":
            raise BadArchive("this is not an export of Takehold")
        if kind.version != VERSION:
            raise BadArchive(f"this export is of version {kind.version}; this program reads version {VERSION}")
        self.opening = _decoded(first, Opening)
        self._digest.update(first)
        self.closing: Closing | None = None

    @property
    def digest(self) -> bytes:
        return self._digest.digest()

    def rows(self) -> Iterator[Line]:
        """Every event, oldest first."""
        for line in self._lines:
            if line.startswith(_CLOSING):
                self.closing = _decoded(line, Closing)
                if next(self._lines, None) is not None:
                    raise BadArchive("there is something after the end")
                return
            row = _decoded(line, Line)
            self._digest.update(line)
            yield row
        raise BadArchive("the file is cut off: it has no end")


def _decoded(line: bytes, kind: Any) -> Any:
    try:
        value = msgspec.json.decode(line, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise BadArchive("a line cannot be read") from None
    if encoded(value) != line:
        raise BadArchive("a line is not as an export writes it")
    return value


def _lines(source: IO[bytes]) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=source, mode="rb") as packed:
            while line := packed.readline(LONGEST_LINE):
                if len(line) == LONGEST_LINE:
                    raise BadArchive("a line is longer than any that an export holds")
                yield line
    except (OSError, EOFError, zlib.error):
        # gzip says so for bytes that are not gzip, for a wrong checksum, and for an end that never comes.
        raise BadArchive("the file is damaged, cut off, or no gzip") from None
