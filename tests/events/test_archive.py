"""An export is written the same way each time, and read only where it is just so."""

from __future__ import annotations

import gzip
import hashlib
import io
import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.archive import LONGEST_LINE, BadArchive, Reader, write
from events.catalog import CATALOG
from events.database import Database
from events.stored import stored
from events.types.trust import HeadSigned
from events.verify import verify_archive
from tests.events.builders import values_of
from tests.events.cast import HOME, NOON, fact, rows_of, tell
from tests.events.exports import OURS, Row, exported, history, lines_of, repacked, row, told

PACKED = exported(history())
LINES = lines_of(PACKED)
DIGEST = "c5edda41a0eb6dd76c1824579f15bfebb191854e6b7fe4c0092e4d9478b87249"


def read(packed: bytes) -> int:
    return sum(1 for _ in Reader(io.BytesIO(packed)).rows())


def test_an_export_holds_every_column_of_every_row_as_the_database_has_it(database: Database) -> None:
    tell(database, *(fact(event=told(number)) for number in range(1, 8)))
    target = io.BytesIO()
    with database.read() as connection:
        written = write(target, HOME, OURS, stored(connection, HOME), NOON)
    assert written.events == written.head.position == 7
    said = [json.loads(line) for line in lines_of(target.getvalue())[1:-1]]
    assert [list(one) for one in said] == [list(found._mapping) for found in rows_of(database)]
    assert [one["data"] for one in said] == [found.data for found in rows_of(database)]
    assert [one["event_id"] for one in said] == [str(found.event_id) for found in rows_of(database)]
    assert verify_archive(io.BytesIO(target.getvalue())).holds


def test_equal_logs_give_equal_bytes() -> None:
    assert exported(history()) == PACKED


def test_the_text_of_an_export_stays_the_same_for_ever() -> None:
    """The number stands here because an export of years ago must still verify with the program of today."""
    assert hashlib.sha256(gzip.decompress(PACKED)).hexdigest() == DIGEST


def test_an_empty_log_cannot_be_exported() -> None:
    with pytest.raises(ValueError, match="empty log"):
        write(io.BytesIO(), HOME, OURS, [], NOON)


def test_an_export_packed_anew_by_another_program_is_the_same_export() -> None:
    assert verify_archive(io.BytesIO(repacked(LINES))).holds


@settings(max_examples=40, deadline=None)
@given(chance=st.data())
def test_a_genuine_export_of_any_log_holds(chance: st.DataObject) -> None:
    kinds = [kind for kind in CATALOG if kind is not HeadSigned]
    rows: list[Row] = []
    for _ in range(chance.draw(st.integers(1, 6))):
        kind = chance.draw(st.sampled_from(kinds))
        rows.append(row(kind(**chance.draw(values_of(kind))), rows))
    verdict = verify_archive(io.BytesIO(exported(rows)))
    assert verdict.holds, verdict.reason
    assert verdict.events == len(rows)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no gzip at all",
        b"\x1f\x8b",
        PACKED[:40],
        gzip.compress(b""),
        gzip.compress(b"\xff\n"),
        gzip.compress(b"null\n"),
        gzip.compress(b'{"takehold":"backup","version":1}\n'),
        repacked(LINES[1:]),
        repacked([LINES[0].replace(b'"takehold":', b'"takehold": '), *LINES[1:]]),
    ],
)
def test_what_is_no_export_is_refused_at_once(content: bytes) -> None:
    with pytest.raises(BadArchive):
        Reader(io.BytesIO(content))


def test_an_export_of_a_newer_program_says_so_whatever_else_it_holds() -> None:
    newer = msgspec.json.encode({"takehold": "export", "version": 2, "compression": "none"}) + b"\n"
    with pytest.raises(BadArchive, match="is of version 2; this program reads version 1"):
        Reader(io.BytesIO(repacked([newer, *LINES[1:]])))


@pytest.mark.parametrize("keep", [0.5, 0.9, 0.999])
def test_an_export_whose_file_is_cut_off_is_no_whole_export(keep: float) -> None:
    with pytest.raises(BadArchive, match="cut off"):
        read(PACKED[: int(len(PACKED) * keep)])


def test_a_line_may_stand_in_one_spelling_only() -> None:
    spaced = [*LINES[:3], LINES[3].replace(b":", b": ", 1), *LINES[4:]]
    with pytest.raises(BadArchive, match="not as an export writes it"):
        read(repacked(spaced))


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    """30 kB that unpack to 32 MB, and might as well to all there is."""
    endless = gzip.compress(LINES[0] + b" " * (LONGEST_LINE + 1), compresslevel=1)
    with pytest.raises(BadArchive, match="longer than any"):
        read(endless)
