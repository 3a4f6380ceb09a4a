"""`takehold import viva`, as it is typed."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from events.database import Database
from events.log import head
from events.tables import USAGE
from service.cli import main
from tests.service.intake.imports.exports import biggest, drawn, row, sunday, write


@pytest.fixture
def runner(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Commands on a prepared store of their own."""
    monkeypatch.setenv("TAKEHOLD_DATABASE_URL", database_url)
    monkeypatch.setenv("TAKEHOLD_KEYS_URL", f"sqlite:///{tmp_path / 'keys.db'}")
    made = CliRunner()
    assert typed(made, "init", "--zone", "Europe/Berlin").exit_code == 0
    return made


def typed(runner: CliRunner, *words: object) -> Result:
    return runner.invoke(main, [str(word) for word in words])


def answer(runner: CliRunner, *words: object) -> Any:
    done = typed(runner, *words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def kept(database: Database) -> tuple[int, int]:
    """How many events and observations there are."""
    with database.read() as connection:
        return head(connection, "default")[0], connection.scalar(select(func.count()).select_from(USAGE)) or 0


def test_it_says_what_was_taken_in_what_was_not_and_what_to_do_next(runner: CliRunner, tmp_path: Path) -> None:
    rows = [row("ada", sunday(0), Total_Copilot_active_days=3), row("bob", "soon"), row("", sunday(0))]
    done = typed(runner, "import", "viva", write(tmp_path / "query.csv", rows))
    assert done.exit_code == 0
    *said, way_back, other_way_back, blank, last = done.stdout.splitlines()
    assert said == [
        "3 rows read, 2 left out.",
        "  line 3: MetricDate must be a day such as 2024-03-31 or 3/31/2024, from the year 2000 on",
        "  line 4: PersonId is empty",
        "1 people in 1 roles of copilot; 5 new events.",
        "3 observations stored, 0 duplicates.",
    ]
    assert (blank, last) == ("", "Next: takehold report")
    command = way_back.removeprefix("To take its facts back: takehold ").replace("TEXT", "wrong-file").split()
    assert re.fullmatch(r"2 facts withdrawn, by the events at positions \d+ to \d+\.\n", typed(runner, *command).stdout)
    assert typed(runner, *command).stdout == "0 facts withdrawn.\n"
    command = other_way_back.removeprefix("To take its observations back: takehold ").replace("TEXT", "wrong").split()
    assert typed(runner, *command).exit_code == 0
    assert done.stderr == ""


def test_of_many_rows_left_out_the_first_twenty_are_shown(runner: CliRunner, tmp_path: Path) -> None:
    rows = [row("ada", sunday(0)), *(row("", sunday(0)) for _ in range(30))]
    shown = typed(runner, "import", "viva", write(tmp_path / "query.csv", rows)).stdout
    assert shown.count("PersonId is empty") == 20
    assert "  and 10 more\n" in shown


def test_the_summary_comes_as_json_alone_on_standard_output(runner: CliRunner, tmp_path: Path) -> None:
    rows = [row("ada", sunday(0), Total_Copilot_active_days=3), row("bob", "soon")]
    done = answer(runner, "import", "viva", write(tmp_path / "query.csv", rows), "--change", "pilot")
    [problem] = done.pop("problems")
    assert UUID(done.pop("id"))
    assert (problem["line"], problem["column"]) == (3, "MetricDate")
    assert done == {
        "change": "pilot",
        "rows": 2,
        "people": 1,
        "roles": 1,
        "events": 5,
        "stored": 3,
        "duplicates": 0,
        "left_out": 1,
    }


def test_another_workspace_is_taken_in_apart_and_named_in_the_next_command(
    runner: CliRunner, database: Database, tmp_path: Path
) -> None:
    assert typed(runner, "init", "--workspace", "harbour").exit_code == 0
    path = write(tmp_path / "query.csv", [row("ada", sunday(0))])
    done = typed(runner, "import", "viva", path, "--workspace", "harbour")
    assert done.stdout.endswith("Next: takehold report --workspace harbour\n")
    assert kept(database)[0] == 0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "There is no file"),
        (b"", "is empty"),
        (b"PersonId,Organization\n", "has no column MetricDate, Total_Copilot_active_days"),
        (b"\xff\xfe", "is not text in UTF-8"),
    ],
)
def test_a_file_that_is_no_export_ends_in_one_sentence_with_exit_code_1(
    runner: CliRunner, database: Database, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    path = tmp_path / "query.csv"
    if content is not None:
        path.write_bytes(content)
    before = kept(database)
    done = typed(runner, "import", "viva", path)
    assert done.exit_code == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert sentence in line
    assert kept(database) == before


def test_a_folder_is_no_export(runner: CliRunner, tmp_path: Path) -> None:
    done = typed(runner, "import", "viva", tmp_path)
    assert (done.exit_code, done.stderr) == (1, f"Error: {tmp_path} is a folder, not a file.\n")


def test_a_mistyped_file_name_leaves_no_new_database_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TAKEHOLD_DATABASE_URL", raising=False)
    monkeypatch.delenv("TAKEHOLD_KEYS_URL", raising=False)
    assert typed(CliRunner(), "import", "viva", "no.csv").exit_code == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words", [[], ["--target", "1.5"], ["--target", "nan"], ["--change", "No Key"], ["--sheet", "1"]]
)
def test_wrong_usage_has_exit_code_2(runner: CliRunner, tmp_path: Path, words: list[str]) -> None:
    path = write(tmp_path / "query.csv", [row("ada", sunday(0))])
    assert typed(runner, "import", "viva", *([path, *words] if words else [])).exit_code == 2


def test_a_workspace_that_is_not_there_has_exit_code_1(runner: CliRunner, tmp_path: Path) -> None:
    path = write(tmp_path / "query.csv", [row("ada", sunday(0))])
    done = typed(runner, "import", "viva", path, "--workspace", "nowhere")
    assert done.exit_code == 1
    assert "takehold init" in done.stderr


def use_by_hand(path: Path) -> tuple[int, dict[str, str], dict[str, set[date]]]:
    """Counted apart from the importer: observations, everybody's last organisation, and days of any use."""
    observations, organisation, used = 0, {}, defaultdict(set)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["MetricDate"])
    for one in rows:
        observations += sum(int(cell) for name, cell in one.items() if name.startswith("Days_of_active_Copilot"))
        days = int(one["Total_Copilot_active_days"])
        observations += days
        start = datetime.fromisoformat(one["MetricDate"]).date()
        assert start.weekday() == 6
        organisation[one["PersonId"]] = one["Organization"]
        order = [start + timedelta(days=day) for day in (1, 2, 3, 4, 5, 6, 0)]
        used[one["PersonId"]] |= set(order[:days])
    return observations, organisation, used


def test_a_whole_export_becomes_a_report_and_adds_nothing_the_second_time(
    runner: CliRunner, database: Database, tmp_path: Path
) -> None:
    path = biggest(tmp_path)
    observations, organisation, used = use_by_hand(path)
    done = answer(runner, "import", "viva", path)
    assert (done["stored"], done["duplicates"], done["left_out"]) == (observations, 0, 0)
    sizes = Counter(organisation.values())
    assert (done["people"], done["roles"]) == (len(organisation), len(sizes))
    before = kept(database)
    assert before == (done["events"], observations)

    [report] = answer(runner, "report")
    last = date.fromisoformat(report["on"])
    window = {last - timedelta(days=back) for back in range(28)}
    adopted = Counter(organisation[person] for person, days in used.items() if len(days & window) >= 4)
    shown = {role["role"]: (role["eligible"], role["adopted"]) for role in report["roles"]}
    assert shown == {name: (size, adopted[name]) for name, size in sizes.items()}
    assert report["grain"] == "week"

    # Following has recorded whose accounts they are; only then is it known what the import alone adds.
    before = kept(database)
    again = answer(runner, "import", "viva", path)
    assert (again["events"], again["stored"], again["duplicates"]) == (0, 0, observations)
    assert kept(database) == before


def test_the_made_up_export_is_the_same_in_every_run() -> None:
    assert drawn(5, 2) == drawn(5, 2)
