"""What is read from a person query, and which observations its weeks become."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from service.intake.imports.files import LeftOut, NotAnExport
from service.intake.imports.viva import Week, open_export
from service.intake.imports.viva_uses import aggregates
from tests.service.intake.imports.exports import CHAT_ACTIONS, CHAT_DAYS, COLUMNS, SUNDAY, row, write

LATER = date(2025, 1, 1)


def read(path: Path, today: date = LATER) -> list[Week | LeftOut]:
    with open_export(path) as export:
        return list(export.rows(today))


def one(folder: Path, **cells: object) -> Week | LeftOut:
    """What becomes of a row with these cells."""
    known = row("ada", SUNDAY) | cells
    [found] = read(write(folder / "one.csv", [known]))
    return found


def week(days: int, actions: int = 0, start: date = SUNDAY, feature: str = "total") -> Week:
    return Week(2, "ada", start, "Sales", {feature: days}, {feature: actions}, True)


def test_a_row_tells_days_and_actions_by_feature_and_in_total(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        Total_Copilot_active_days=4,
        Days_of_active_Copilot_usage_in_Excel=2,
        Copilot_actions_taken_in_Excel=5,
        Copilot_actions_taken_in_Teams=1,
        **{CHAT_DAYS: 3, CHAT_ACTIONS: 8},
    )
    assert isinstance(found, Week)
    assert (found.line, found.person, found.start, found.organisation) == (2, "ada", SUNDAY, "Sales")
    assert {name: days for name, days in found.days.items() if days} == {"total": 4, "excel": 2, "chat-work": 3}
    assert set(found.days) == set("total chat-work excel loop onenote outlook powerpoint teams word".split())
    used = {name: count for name, count in found.actions.items() if count}
    assert used == {"total": 14, "excel": 5, "teams": 1, "chat-work": 8}
    assert found.enabled is True


def test_columns_are_found_with_spaces_as_well_as_underscores(tmp_path: Path) -> None:
    path = write(tmp_path / "one.csv", [row("ada", SUNDAY, Days_of_active_Copilot_usage_in_Excel=2)])
    header, rest = path.read_text().split("\n", 1)
    path.write_text(header.replace("chat__work__usage", "chat (work) usage").replace("_", " ") + "\n" + rest)
    [found] = read(path)
    assert isinstance(found, Week)
    assert (found.days["excel"], found.days["chat-work"]) == (2, 0)


@pytest.mark.parametrize("written", ["2024-03-31", "3/31/2024", "03/31/2024", " 2024-03-31 "])
def test_a_day_is_read_in_either_spelling(tmp_path: Path, written: str) -> None:
    found = one(tmp_path, MetricDate=written)
    assert isinstance(found, Week)
    assert found.start == SUNDAY


def test_a_whole_number_may_be_written_with_a_point(tmp_path: Path) -> None:
    found = one(tmp_path, Total_Copilot_active_days="2.0", Copilot_actions_taken_in_Word="3.00")
    assert isinstance(found, Week)
    assert (found.days["total"], found.actions["word"]) == (2, 3)


def test_a_byte_order_mark_before_the_header_is_no_part_of_it(tmp_path: Path) -> None:
    path = write(tmp_path / "one.csv", [row("ada", SUNDAY)])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read(path)) == 1


def test_without_the_column_nobody_knows_who_had_it_enabled(tmp_path: Path) -> None:
    columns = [column for column in COLUMNS if column != "Total_Copilot_enabled_days"]
    [found] = read(write(tmp_path / "one.csv", [row("ada", SUNDAY)], columns))
    assert isinstance(found, Week)
    assert found.enabled is None


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("PersonId", "", "is empty"),
        ("PersonId", "  ", "is empty"),
        ("PersonId", "a" * 257, "must have 1 to 256 characters"),
        ("PersonId", "a\0b", "must hold no control characters"),
        ("Organization", "", "is empty"),
        ("Organization", "a" * 201, "must have 1 to 200 characters"),
        ("MetricDate", "", "must be a day such as"),
        ("MetricDate", "2024-02-30", "must be a day such as"),
        ("MetricDate", "31/3/2024", "must be a day such as"),
        ("MetricDate", "31.03.2024", "must be a day such as"),
        ("MetricDate", "1999-12-26", "from the year 2000 on"),
        ("MetricDate", "9999-12-31", "is of a week that is not over yet"),
        ("Total_Copilot_active_days", "8", "must be a whole number from 0 to 7"),
        ("Total_Copilot_active_days", "-1", "must be a whole number from 0 to 7"),
        ("Total_Copilot_active_days", "2.5", "must be a whole number from 0 to 7"),
        ("Total_Copilot_active_days", "nan", "must be a whole number from 0 to 7"),
        ("Total_Copilot_active_days", "", "must be a whole number from 0 to 7"),
        ("Total_Copilot_active_days", "9" * 5000, "must be a whole number from 0 to 7"),
        ("Total_Copilot_enabled_days", "yes", "must be a whole number from 0 to 7"),
        ("Days_of_active_Copilot_usage_in_Loop", "NA", "must be a whole number from 0 to 7"),
        ("Copilot_actions_taken_in_Teams", "1e3", "must be a whole number from 0 to 999,999"),
        ("Copilot_actions_taken_in_Teams", "1000000", "must be a whole number from 0 to 999,999"),
    ],
)
def test_a_row_with_a_cell_that_cannot_be_is_left_out_by_line_and_column(
    tmp_path: Path, column: str, cell: str, reason: str
) -> None:
    rows = [row("bob", SUNDAY), row("ada", SUNDAY) | {column: cell}, row("charlie", SUNDAY)]
    first, bad, last = read(write(tmp_path / "some.csv", rows))
    assert isinstance(first, Week)
    assert isinstance(last, Week)
    assert isinstance(bad, LeftOut)
    assert (bad.line, bad.column) == (3, column)
    assert reason in bad.reason


def test_a_row_that_is_cut_short_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "some.csv", [row("ada", SUNDAY), row("bob", SUNDAY)])
    path.write_text(path.read_text().rsplit(",", 2)[0] + "\n")
    whole, short = read(path)
    assert isinstance(whole, Week)
    assert short == LeftOut(3, None, f"has {len(COLUMNS) - 2} cells, the header has {len(COLUMNS)}")


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    two_lines, bad = row("ada", SUNDAY, LevelDesignation="Senior\nIC"), row("", SUNDAY)
    path = write(tmp_path / "some.csv", [two_lines, bad])
    path.write_text(path.read_text().replace('"",', '\n"",', 1))
    assert [found.line for found in read(path)] == [2, 5]


def test_a_week_counts_once_its_last_day_is_over(tmp_path: Path) -> None:
    path = write(tmp_path / "one.csv", [row("ada", SUNDAY)])
    saturday = SUNDAY + timedelta(days=6)
    assert isinstance(read(path, today=saturday)[0], LeftOut)
    assert isinstance(read(path, today=saturday + timedelta(days=1))[0], Week)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"PersonId,MetricDate\n", "has no column Organization, Total_Copilot_active_days"),
        (b"PersonId;MetricDate;Organization;Total_Copilot_active_days\n", "as CSV with commas"),
        (b"PersonId,MetricDate,Organization,Total_Copilot_active_days,PersonId\n", "more than one column PersonId"),
        (b"PK\x03\x04\x14\x00\xff\xfe\x80", "is not text in UTF-8"),
        ("PersonId,MetricDate,Organization,Total_Copilot_active_days\n".encode("utf-16"), "is not text in UTF-8"),
        (b'{"people": []}', "has no column PersonId, MetricDate"),
        (b'"PersonId" x,MetricDate\n', "is not CSV: line 1"),
    ],
)
def test_another_file_is_refused_in_a_sentence_before_a_row_is_read(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "query.csv"
    path.write_bytes(content)
    with pytest.raises(NotAnExport, match=sentence) as refused, open_export(path):
        pass
    assert str(refused.value).startswith("query.csv ")
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(("tail", "sentence"), [(b"\xff\n", "not text in UTF-8"), (b'"open', "not CSV: line 502")])
def test_a_file_that_is_spoilt_further_down_is_refused_as_a_whole(tmp_path: Path, tail: bytes, sentence: str) -> None:
    path = write(tmp_path / "some.csv", [row(f"p{number}", SUNDAY) for number in range(500)])
    path.write_bytes(path.read_bytes() + tail)
    with pytest.raises(NotAnExport, match=sentence):
        read(path)


def test_what_is_no_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, sentence in ((tmp_path, "is a folder"), (tmp_path / "no.csv", "no file"), (pipe, "read twice")):
        with pytest.raises(NotAnExport, match=sentence), open_export(path):
            pass


def used(told: Week) -> list[tuple[str, int]]:
    """The days with use, and how much."""
    made = list(aggregates(told))
    assert len({one.day for one in made}) == 7
    return [(f"{one.day:%a %d}", one.count) for one in made if one.count]


def days_of(told: Week) -> list[str]:
    return [day for day, _ in used(told)]


def test_active_days_are_placed_from_monday_on_then_saturday_then_sunday() -> None:
    assert days_of(week(3)) == ["Mon 01", "Tue 02", "Wed 03"]
    assert days_of(week(7)) == ["Mon 01", "Tue 02", "Wed 03", "Thu 04", "Fri 05", "Sat 06", "Sun 31"]


def test_the_days_without_use_are_told_as_well_so_that_a_corrected_week_can_have_fewer() -> None:
    made = list(aggregates(week(0, actions=9)))
    assert [(one.count, one.grain) for one in made] == [(0, "week")] * 7
    assert {one.day for one in made} == {SUNDAY + timedelta(days=n) for n in range(7)}


def test_a_week_may_begin_on_any_weekday() -> None:
    wednesday = SUNDAY + timedelta(days=3)
    assert days_of(week(4, start=wednesday)) == ["Mon 08", "Tue 09", "Wed 03", "Thu 04"]


@pytest.mark.parametrize(("days", "actions", "counts"), [(3, 8, [3, 3, 2]), (2, 8, [4, 4]), (3, 1, [1, 1, 1])])
def test_actions_are_spread_evenly_over_the_days_and_are_at_least_one(
    days: int, actions: int, counts: list[int]
) -> None:
    assert [count for _, count in used(week(days, actions))] == counts


def test_a_feature_without_actions_of_its_own_counts_one_a_day() -> None:
    loop = Week(2, "ada", SUNDAY, "Sales", {"loop": 2}, {"total": 9}, True)
    assert [(one.app, one.feature, one.count, one.kind) for one in aggregates(loop) if one.count] == [
        ("copilot", "loop", 1, "use"),
        ("copilot", "loop", 1, "use"),
    ]
