"""What is read from GitHub Copilot's usage metrics by user."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from service.intake.imports.copilot import CopilotFile
from service.intake.imports.files import LeftOut, NotAnExport, open_file
from service.intake.imports.usage_import import Row
from tests.service.intake.imports.copilot_lines import feature, line, write

TODAY = date(2026, 3, 10)
DAY = "2026-03-02"


def read(
    folder: Path, *some: dict[str, Any] | str, known: Sequence[tuple[str, str]] = (), name: str = "users.ndjson"
) -> list[Row | LeftOut]:
    with open_file(write(folder / name, some)) as file:
        return list(CopilotFile(file, name).rows(TODAY, known))


def counts(row: Row | LeftOut) -> dict[tuple[str, str], int]:
    """How often, by feature and kind, of what is not 0."""
    assert isinstance(row, Row)
    assert {(one.app, one.grain) for one in row.told} <= {("github-copilot", "day")}
    return {(one.feature, one.kind): one.count for one in row.told if one.count}


@pytest.mark.parametrize("name", ["users.ndjson", "users.ndjson.gz"])
def test_prompts_are_use_what_is_shown_is_passive_and_taking_it_over_is_success(tmp_path: Path, name: str) -> None:
    chat, typed = feature("chat_panel_agent_mode", prompts=4, shown=9), feature("code_completion", shown=30, accepted=7)
    [row] = read(tmp_path, line("ada", DAY, chat, typed), name=name)
    assert counts(row) == {
        ("chat_panel_agent_mode", "use"): 4,
        ("chat_panel_agent_mode", "passive"): 9,
        ("code_completion", "passive"): 30,
        ("code_completion", "success"): 7,
    }
    assert {(one.actor, one.day) for one in row.told} == {("ada", date(2026, 3, 2))}


def test_use_outside_the_editor_is_read_from_where_github_tells_it(tmp_path: Path) -> None:
    more = {
        "used_cli": True,
        "totals_by_cli": {"session_count": 1, "request_count": 5, "prompt_count": 2, "token_usage": {}},
        "totals_by_copilot_app": {"session_count": 1, "prompt_count": 3},
        "totals_by_3rd_party_agent": [
            {"agent_id": "1", "agent_name": "One", "user_initiated_interaction_count": 2},
            {"agent_id": "2", "agent_name": "Two", "user_initiated_interaction_count": 4},
        ],
    }
    [row] = read(tmp_path, line("ada", DAY, **more))
    assert counts(row) == {("cli", "use"): 2, ("copilot_app", "use"): 3, ("3rd_party_agent", "use"): 6}


def test_fields_that_are_left_out_or_null_are_nothing(tmp_path: Path) -> None:
    bare: dict[str, Any] = {"user_login": "ada", "day": DAY}
    null = dict.fromkeys(("totals_by_feature", "totals_by_cli", "totals_by_3rd_party_agent"))
    rows = read(tmp_path, bare, {**bare, **null, "user_login": "bob"})
    assert [counts(row) for row in rows] == [{}, {}]


def test_what_was_ever_reported_and_a_line_does_not_name_is_none(tmp_path: Path) -> None:
    known = [("chat_inline", "use"), ("cli", "use")]
    [row] = read(tmp_path, line("ada", DAY, feature("chat_inline", prompts=2)), known=known)
    assert isinstance(row, Row)
    assert ("cli", "use", 0) in [(one.feature, one.kind, one.count) for one in row.told]
    assert counts(row) == {("chat_inline", "use"): 2}


@pytest.mark.parametrize(
    ("bad", "column", "reason"),
    [
        ("no JSON", None, "is no JSON"),
        ('{"user_login": "ada", "day": "2026-03-02"', None, "is no JSON"),
        ("[1]", None, "is not as Copilot writes it: Expected `object`, got `array`"),
        ('{"day": "2026-03-02"}', None, "is not as Copilot writes it: Object missing required field `user_login`"),
        (line("", DAY), "user_login", "is empty"),
        (line("eve", "2026-3-2"), "day", "must be a day such as 2026-03-01"),
        (line("eve", "2026-03-11"), "day", "must not be a day that has not begun"),
        (line("eve", DAY, feature("chat", prompts=-1)), None, "Expected `int` >= 0"),
        (line("ada", DAY, feature("chat", prompts=8)), "day", "is one that an earlier line tells of for this user"),
    ],
)
def test_a_line_that_cannot_be_used_is_left_out_by_its_number(
    tmp_path: Path, bad: dict[str, Any] | str, column: str | None, reason: str
) -> None:
    rows = read(tmp_path, line("ada", DAY, feature("chat", prompts=1)), "", bad, line("bob", DAY))
    left = rows[1]
    assert isinstance(left, LeftOut)
    assert (left.line, left.column) == (3, column)
    assert reason in left.reason
    assert [type(row) for row in rows] == [Row, LeftOut, Row]


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAnExport, match=r"users\.ndjson is empty\."):
        read(tmp_path, "", " ")
