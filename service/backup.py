"""Backups: every row of a store in one open file, the same for both engines, taken while everything runs.

Gzip of lines of JSON. The first is `{"takehold", "version", "revision", "made_at", "tables"}`; then lines
`{"table", "rows"}` with the columns in the order that `tables` gives; the last is `{"rows", "digest"}`: how many rows
there were, and the SHA-256 of all bytes before this line.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import IO, Any

import msgspec
from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, TypeDecorator, insert, select

KIND = "backup"
VERSION = 1
_CHUNK = 500
_WIDE = 20
"""Rows with bytes of any length: the activity of a day of 100,000 people takes half a megabyte."""

LATER: Mapping[str, Mapping[str, Any]] = {
    "follower": {"changed": 0},
    "rebuild": {"mark": 0},
    "source": {"import_id": None, "keyed_by": None},
}
"""Columns by table that a backup of an earlier schema may lack, and what to put there: what the migration that made the
column put into rows of before. Whatever else is lacking would be a guess."""

Progress = Callable[[str, int, int], None]


class BadBackup(Exception):
    """A file is no complete backup that this program can read."""


class Opening(msgspec.Struct):
    """The first line. revision: of the schema, None for a store without migrations. tables: column names by table."""

    takehold: str
    version: int
    made_at: datetime
    revision: str | None
    tables: dict[str, list[str]]


class Chunk(msgspec.Struct, forbid_unknown_fields=True):
    """Some rows of a table."""

    table: str
    rows: msgspec.Raw


class Closing(msgspec.Struct, forbid_unknown_fields=True):
    """The last line."""

    rows: int
    digest: str


@dataclass
class Checked:
    """A backup that was read to its end. heads: position and hash of the last event by workspace."""

    opening: Opening
    rows: dict[str, int] = field(default_factory=dict)
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)


def write(
    target: IO[bytes],
    connection: Connection,
    metadata: MetaData,
    revision: str | None,
    made_at: datetime,
    progress: Progress,
) -> int:
    """Writes every row that one snapshot sees; answers how many. Memory: a chunk of rows."""
    tables = metadata.sorted_tables
    digest, rows = hashlib.sha256(), 0
    with gzip.GzipFile(fileobj=target, mode="wb", compresslevel=6) as packed:

        def put(value: object) -> None:
            line = msgspec.json.encode(value) + b"\n"
            digest.update(line)
            packed.write(line)

        put(Opening(KIND, VERSION, made_at, revision, _columns(metadata)))
        for done, table in enumerate(tables, start=1):
            size = _chunk(table)
            # By key, because rows are inserted fastest in that order.
            wanted = select(table).order_by(*table.primary_key).execution_options(yield_per=size)
            for some in connection.execute(wanted).partitions(size):
                put({"table": str(table.name), "rows": [tuple(row) for row in some]})
                rows += len(some)
            progress("tables", done, len(tables))
        packed.write(msgspec.json.encode(Closing(rows, digest.hexdigest())) + b"\n")
    return rows


def check(source: IO[bytes], metadata: MetaData, revisions: set[str]) -> Checked:
    """Reads a backup to its end, and every value in it.

    revisions: those of the schema that this program knows; none for a store without migrations. Raises BadBackup for
    one that is foreign, damaged, cut off, of a newer program or of other tables.
    """
    parts = _parts(source)
    opening = next(parts)
    assert isinstance(opening, Opening)
    _check_opening(opening, metadata, revisions)
    checked = Checked(opening)
    for part in parts:
        rows = _rows(part, metadata, opening)
        checked.rows[part.table] = checked.rows.get(part.table, 0) + len(rows)
        if part.table == "event":
            for row in rows:
                position, digest = int(row["position"]), str(row["hash"])
                if position > checked.heads.get(row["workspace_id"], (0, ""))[0]:
                    checked.heads[row["workspace_id"]] = position, digest
    return checked


def load(source: IO[bytes], connection: Connection, metadata: MetaData, total: int, progress: Progress) -> None:
    """Inserts every row of a backup that was checked into empty tables; inside one write transaction.

    total: how many rows there are, for the progress. Raises BadBackup.
    """
    done = 0
    parts = _parts(source)
    opening = next(parts)
    for part in parts:
        rows = _rows(part, metadata, opening)
        connection.execute(insert(metadata.tables[part.table]), rows)
        done += len(rows)
        progress("rows", done, total)


def _check_opening(opening: Opening, metadata: MetaData, revisions: set[str]) -> None:
    if opening.takehold != KIND:
        raise BadBackup(f"this is no backup: it says it is {opening.takehold!r}")
    unknown = opening.revision is not None and bool(revisions) and opening.revision not in revisions
    if opening.version > VERSION or unknown:
        raise BadBackup("the backup was made by a newer program than this one")
    if ("event" in opening.tables) != ("event" in metadata.tables):
        names = {True: "a backup of the database", False: "a backup of keys"}
        here = "event" in opening.tables
        raise BadBackup(f"this is {names[here]}, where {names[not here]} is wanted")
    known = {
        table: [name for name in columns if name in opening.tables.get(table, ()) or name not in LATER.get(table, {})]
        for table, columns in _columns(metadata).items()
    }
    if opening.tables != known:
        raise BadBackup("the backup's tables are not those of this program")


def _columns(metadata: MetaData) -> dict[str, list[str]]:
    return {str(table.name): [str(column.name) for column in table.columns] for table in metadata.sorted_tables}


def _chunk(table: Table) -> int:
    wide = any(isinstance(column.type, LargeBinary) and column.type.length is None for column in table.columns)
    return _WIDE if wide else _CHUNK


@cache
def _decoder(table: Table, names: tuple[str, ...]) -> msgspec.json.Decoder[list[tuple[Any, ...]]]:
    return msgspec.json.Decoder(list[tuple[tuple(_type(table.columns[name]) for name in names)]])  # type: ignore[misc]


def _type(column: Column[Any]) -> Any:
    kind = column.type
    plain: Any = (kind.impl_instance if isinstance(kind, TypeDecorator) else kind).python_type
    return plain | None if column.nullable else plain


def _rows(part: Chunk, metadata: MetaData, opening: Opening) -> list[dict[str, Any]]:
    names, later = tuple(opening.tables[part.table]), LATER.get(part.table, {})
    decoder = _decoder(metadata.tables[part.table], names)
    try:
        return [{**later, **dict(zip(names, row, strict=True))} for row in decoder.decode(part.rows)]
    except msgspec.MsgspecError as error:
        # Its words name a place and a type, never a value.
        raise BadBackup(f"a row of the table {part.table} cannot be read: {error}") from None


def _parts(source: IO[bytes]) -> Iterator[Any]:
    """The opening, then chunks of the tables that it names. Raises BadBackup, at the latest at the end."""
    digest, rows = hashlib.sha256(), 0
    opening: Opening | None = None
    closing: Closing | None = None
    for line in _lines(source):
        if closing:
            raise BadBackup("there is something after the end of the backup")
        if opening is None:
            opening = _decoded(line, Opening)
            yield opening
        elif line.startswith(b'{"table":'):
            chunk = _decoded(line, Chunk)
            if chunk.table not in opening.tables:
                raise BadBackup("the backup is damaged")
            yield chunk
            rows += len(msgspec.json.decode(chunk.rows, type=list[msgspec.Raw]))
        else:
            closing = _decoded(line, Closing)
            if (closing.rows, closing.digest) != (rows, digest.hexdigest()):
                raise BadBackup("the backup was altered")
        digest.update(line)
    if closing is None:
        raise BadBackup("the file is empty, or cut off before its end")


def _decoded(line: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise BadBackup("this is no backup of Takehold, or it is damaged") from None


def _lines(source: IO[bytes]) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=source, mode="rb") as packed:
            yield from packed
    except (OSError, EOFError, zlib.error):
        raise BadBackup("the file is damaged, cut off, or no backup") from None
