"""Backups: every row of a store in one open file, the same for both engines, taken while everything runs.

Gzip of lines of JSON. The first is `{"takehold": "backup", "version", "revision", "tables"}`; then lines
`{"table", "rows"}` with the columns in the order that `tables` gives; the last is `{"rows", "digest"}`: how many rows
there were, and the SHA-256 of all bytes before this line.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

import msgspec
from sqlalchemy import Connection, LargeBinary, MetaData, Table, insert, select

VERSION = 1
_CHUNK = 500
Progress = Callable[[str, int, int], None]


class BadBackup(Exception):
    """A file is no complete backup that this program can read; nothing was changed."""


class Opening(msgspec.Struct, forbid_unknown_fields=True):
    """The first line. revision: of the schema, None for a store without migrations. tables: column names by table."""

    takehold: str
    version: int
    revision: str | None
    tables: dict[str, list[str]]


class Chunk(msgspec.Struct, forbid_unknown_fields=True):
    """Some rows of a table."""

    table: str
    rows: list[list[Any]]


class Closing(msgspec.Struct, forbid_unknown_fields=True):
    """The last line."""

    rows: int
    digest: str


@dataclass(frozen=True)
class Checked:
    """A backup that was read to its end: schema revision, and rows by table."""

    revision: str | None
    tables: dict[str, int]


def write(
    target: IO[bytes], connection: Connection, metadata: MetaData, revision: str | None, progress: Progress
) -> int:
    """Writes every row that one snapshot sees; answers how many. Memory: a chunk of rows."""
    tables = metadata.sorted_tables
    digest, rows = hashlib.sha256(), 0
    with gzip.GzipFile(fileobj=target, mode="wb", compresslevel=6) as packed:

        def put(value: msgspec.Struct) -> None:
            line = msgspec.json.encode(value) + b"\n"
            digest.update(line)
            packed.write(line)

        put(Opening("backup", VERSION, revision, {table.name: [c.name for c in table.columns] for table in tables}))
        for done, table in enumerate(tables, start=1):
            found = connection.execution_options(yield_per=_CHUNK).execute(select(table))
            for some in found.partitions(_CHUNK):
                put(Chunk(table.name, [list(row) for row in some]))
                rows += len(some)
            progress("tables", done, len(tables))
        packed.write(msgspec.json.encode(Closing(rows, digest.hexdigest())) + b"\n")
    return rows


def check(source: IO[bytes]) -> Checked:
    """Reads a backup to its end. Raises BadBackup for one that is foreign, damaged, cut off or of a newer program."""
    counts: dict[str, int] = {}
    opening: Opening | None = None
    for part in _parts(source):
        if isinstance(part, Opening):
            opening = part
        else:
            counts[part.table] = counts.get(part.table, 0) + len(part.rows)
    if opening is None:
        raise BadBackup("this is not a backup of Takehold")
    return Checked(opening.revision, counts)


def load(source: IO[bytes], connection: Connection, metadata: MetaData, progress: Progress, rows: int) -> None:
    """Inserts every row into empty tables, in one transaction. rows: how many, for the progress. Raises BadBackup."""
    done = 0
    columns: dict[str, list[str]] = {}
    for part in _parts(source):
        if isinstance(part, Opening):
            columns = part.tables
            _check_columns(columns, metadata)
            continue
        table = metadata.tables[part.table]
        decode = [_decoder(table, name) for name in columns[part.table]]
        connection.execute(
            insert(table),
            [
                dict(zip(columns[part.table], (d(value) for d, value in zip(decode, row, strict=True)), strict=True))
                for row in part.rows
            ],
        )
        done += len(part.rows)
        progress("rows", done, rows)


def _check_columns(columns: dict[str, list[str]], metadata: MetaData) -> None:
    known = {table.name: [c.name for c in table.columns] for table in metadata.sorted_tables}
    if columns != known:
        raise BadBackup("the backup's tables are not those of this program")


def _decoder(table: Table, name: str) -> Callable[[Any], Any]:
    column = table.columns[name]
    kind = bytes if isinstance(column.type, LargeBinary) else column.type.python_type
    return lambda value: None if value is None else msgspec.convert(value, kind, strict=False)


def _parts(source: IO[bytes]) -> Iterator[Opening | Chunk]:
    digest, rows = hashlib.sha256(), 0
    kinds: Sequence[Any] = (Opening,)
    for line in _lines(source):
        if kinds == ():
            raise BadBackup("there is something after the end")
        part = _decoded(line, kinds)
        if isinstance(part, Closing):
            if (part.rows, part.digest) != (rows, digest.hexdigest()):
                raise BadBackup("the backup was altered or is incomplete")
            kinds = ()
            continue
        if isinstance(part, Opening) and (part.takehold, part.version) != ("backup", VERSION):
            raise BadBackup(
                f"this is a {part.takehold} of version {part.version}; wanted a backup of version {VERSION}"
            )
        kinds = (Closing, Chunk)
        digest.update(line)
        rows += len(part.rows) if isinstance(part, Chunk) else 0
        yield part
    if kinds != ():
        raise BadBackup("the file is empty, or cut off before its end")


def _decoded(line: bytes, kinds: Sequence[Any]) -> Opening | Chunk | Closing:
    for kind in kinds:
        try:
            part: Opening | Chunk | Closing = msgspec.json.decode(line, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        return part
    raise BadBackup("this is not a backup of Takehold, or it is damaged")


def _lines(source: IO[bytes]) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=source, mode="rb") as packed:
            yield from packed
    except (OSError, EOFError, zlib.error):
        raise BadBackup("the file is damaged, cut off, or no backup") from None
