"""What is read from a CSV of usage, in every spelling that spreadsheets give it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from service.intake.imports.aggregates import Aggregate
from service.intake.imports.files import LeftOut, NotAnExport, open_file
from service.intake.imports.usage_csv import UsageFile
from service.intake.store import Use

TODAY = date(2026, 3, 10)
NINE = int(datetime(2026, 3, 2, 9, tzinfo=UTC).timestamp() * 1000)
BY_DAY = "actor,app,feature,day,count,duration_ms\n"
BY_USE = "actor,app,feature,occurred_at,count\n"
NINE_OCLOCK = "2026-03-02T09:00:00Z"


def read(folder: Path, content: str | bytes) -> list[Aggregate | Use | LeftOut]:
    path = folder / "usage.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with open_file(path) as file:
        rows = list(UsageFile(file, path.name).rows(TODAY))
    return [row if isinstance(row, LeftOut) else row.told[0] for row in rows]


def refused(folder: Path, content: str | bytes) -> str:
    with pytest.raises(NotAnExport) as error:
        read(folder, content)
    return str(error.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n\n"])
def test_a_row_tells_how_often_a_feature_was_used_on_a_day(tmp_path: Path, delimiter: str, start: str) -> None:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows(
        [
            ["Feature", "actor", " APP ", "day", "count", "duration_ms"],
            ['draft, "letter"; new', "ada", "claims", "2026-03-02", "3", "1500"],
            [],
            ["letter", "bob", "claims", "2026-03-10", "2.0", ""],
            [""] * 6,
            ["letter", " ada ", "claims", "2026-03-02", "0", "0"],
        ]
    )
    assert read(tmp_path, start + written.getvalue()) == [
        Aggregate("claims", 'draft, "letter"; new', "ada", date(2026, 3, 2), 3, 1500),
        Aggregate("claims", "letter", "bob", date(2026, 3, 10), 2),
        Aggregate("claims", "letter", "ada", date(2026, 3, 2), 0, 0),
    ]


def test_without_a_count_it_is_one(tmp_path: Path) -> None:
    [one] = read(tmp_path, "actor,app,feature,day\nada,claims,letter,2026-03-02\n")
    assert (one.count, one.duration_ms) == (1, None)
    [one] = read(tmp_path, f"{BY_USE}ada,claims,letter,{NINE_OCLOCK},\n")
    assert one.count == 1


def test_a_row_with_an_instant_is_a_use_and_rows_that_are_alike_are_several(tmp_path: Path) -> None:
    row = f"ada,claims,letter,{NINE_OCLOCK},2\n"
    content = (
        BY_USE + row * 3 + f"ada,claims,letter,{NINE_OCLOCK},1\n" + "ada,claims,letter,2026-03-02T10:00:00+01:00,2\n"
    )
    found = read(tmp_path, content)
    assert [(one.actor, one.occurred_ms, one.count, one.grain) for one in found[:2]] == [
        ("ada", NINE, 2, "instant")
    ] * 2
    # The last row is at the same instant in another zone, so it is alike as well.
    assert len({one.item for one in found}) == 5
    assert [one.item for one in read(tmp_path, content)] == [one.item for one in found]


def test_an_id_of_its_own_stands_for_a_use(tmp_path: Path) -> None:
    rows = f"id,actor,app,feature,occurred_at\n17,ada,claims,letter,{NINE_OCLOCK}\n18,ada,claims,letter,{NINE_OCLOCK}\n"
    assert [one.item for one in read(tmp_path, rows)] == ["17", "18"]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (",claims,letter,2026-03-02,1,", "actor", "is empty"),
        ("a\x01,claims,letter,2026-03-02,1,", "actor", "must hold no control characters"),
        (f"{'a' * 257},claims,letter,2026-03-02,1,", "actor", "must have 1 to 256 characters"),
        (f"ada,{'a' * 129},letter,2026-03-02,1,", "app", "must have 1 to 128 characters"),
        ("ada,claims,letter,02.03.2026,1,", "day", "must be a day such as 2026-03-01"),
        ("ada,claims,letter,2026-02-30,1,", "day", "must be a day such as 2026-03-01"),
        ("ada,claims,letter,2026-03-11,1,", "day", "must not be a day that has not begun"),
        ("ada,claims,letter,1999-12-31,1,", "day", "must not be before the year 2000"),
        ("ada,claims,letter,2026-03-02,-1,", "count", "must be a whole number from 0 to 1,000,000"),
        ("ada,claims,letter,2026-03-02,1000001,", "count", "must be a whole number from 0 to 1,000,000"),
        ("ada,claims,letter,2026-03-02,1,1.5", "duration_ms", "must be a whole number from 0 to 86,400,000"),
        ("ada,claims,letter,2026-03-02,1", None, "has 5 cells, the header has 6"),
        ("bob,claims,letter,2026-03-02,4,", "day", "is one that an earlier row tells of for this actor and feature"),
    ],
)
def test_a_row_that_cannot_be_is_left_out_by_line_and_column(
    tmp_path: Path, row: str, column: str | None, reason: str
) -> None:
    good = "bob,claims,letter,2026-03-02,1,\n"
    found = read(tmp_path, f"{BY_DAY}{good}\n{row}\nada,claims,letter,2026-03-01,1,\n")
    assert found[1] == LeftOut(4, column, reason)
    assert [type(one) for one in found] == [Aggregate, LeftOut, Aggregate]


@pytest.mark.parametrize(
    ("instant", "count", "column", "reason"),
    [
        ("2026-03-02T09:00:00", "1", "occurred_at", "needs a time zone"),
        ("yesterday", "1", "occurred_at", "must be a date and time"),
        ("2999-01-01T00:00:00Z", "1", "occurred_at", "must not be more than 23 hours ahead"),
        ("1999-12-31T00:00:00Z", "1", "occurred_at", "must not be before the year 2000"),
        (NINE_OCLOCK, "0", "count", "must be a whole number from 1 to 1,000,000"),
    ],
)
def test_a_use_that_cannot_be_is_left_out(tmp_path: Path, instant: str, count: str, column: str, reason: str) -> None:
    [found] = read(tmp_path, f"{BY_USE}ada,claims,letter,{instant},{count}\n")
    assert isinstance(found, LeftOut)
    assert (found.line, found.column) == (2, column)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("actor,count\n", "has no column app, feature, day or occurred_at; it must be CSV"),
        (
            "actor,app,feature,day,cuont,\n",
            "not known: cuont, without a name; known are actor, app, feature, day, count",
        ),
        ("actor,app,feature,day,id\n", "not known: id"),
        ("actor,app,feature,day,occurred_at\n", "has both day and occurred_at"),
        ("actor,app,feature,day,day\n", "has more than one column day"),
        ('{"actor": "ada"}\n', "has no column actor"),
        (b"PK\x03\x04\xff\xfe", "is not text in UTF-8"),
        ('actor,app,feature,day\nada,"claims" x,letter,2026-03-02\n', "is not CSV: line 2"),
        ('actor,app,feature,day\nada,"claims', "is not CSV: line 2"),
    ],
)
def test_another_file_is_refused_as_a_whole_in_a_sentence(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    said = refused(tmp_path, content)
    assert sentence in said
    assert said.startswith("usage.csv ")
    assert said.endswith(".")
