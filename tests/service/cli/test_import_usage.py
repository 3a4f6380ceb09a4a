"""`takehold import usage` and `import copilot`, as they are typed."""

from __future__ import annotations

import gzip
import os
import pty
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from events.activity import NAME
from service.intake.imports import usage_import
from service.intake.imports.files import open_file
from service.intake.imports.usage_csv import UsageFile
from service.intake.imports.usage_import import import_usage
from service.readmodels.rebuilding import rebuild
from service.readmodels.sources import sources
from service.worker.follow import caught_up
from tests.service.cli.runs import answer, prepare, service, typed
from tests.service.intake.imports.copilot_lines import feature, line
from tests.service.intake.imports.copilot_lines import write as write_lines
from tests.service.intake.imports.standing import Told, standing

ACTORS = ["ada", "bob", "eve"]
DAY = date(2026, 3, 2)
HEADER = "actor,app,feature,day,count"


@pytest.fixture(autouse=True)
def prepared(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(database_url, tmp_path, monkeypatch)


def csv_of(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "usage.csv"
    path.write_text("\n".join([header, *rows]))
    return path


def stands(actors: list[str] = ACTORS) -> Told:
    with closing(service()) as takehold:
        return standing(takehold, actors)


def known() -> list[dict[str, Any]]:
    """The imports that brought something."""
    return answer("import", "list")  # type: ignore[no-any-return]


def counting() -> Told:
    """What stands in the sets that count."""
    with closing(service()) as takehold:
        caught_up(takehold, takehold.workspace())
        return standing(takehold, ACTORS, retracted=True)


def imported(kind: str, path: Path) -> tuple[int, int, int]:
    """Stored, duplicates and left out."""
    done = answer("import", kind, path, "--source", "files")
    return done["stored"], done["duplicates"], done["left_out"]


def test_it_says_what_was_taken_in_what_was_not_and_what_to_do_next(tmp_path: Path) -> None:
    path = csv_of(
        tmp_path, "ada,claims,letter,2026-03-02,3", "bob,claims,letter,soon,1", "", ",claims,letter,2026-03-02,1"
    )
    done = typed("import", "usage", path, "--source", "files")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "3 rows read, 2 left out.",
        "  line 3: day must be a day such as 2026-03-01",
        "  line 5: actor is empty",
        "1 observations of files stored, 0 duplicates.",
        f"To take its observations back: takehold retract --import {known()[0]['id']} --reason TEXT",
        "",
        "Next: takehold report",
    ]


def test_the_summary_comes_as_json_alone_on_standard_output(tmp_path: Path) -> None:
    rows = ["ada,claims,letter,2026-03-02,3", *["bob,claims,letter,soon,1"] * 30]
    done = answer("import", "usage", csv_of(tmp_path, *rows), "--source", "files")
    assert UUID(done.pop("id"))
    assert [one["line"] for one in done.pop("problems")] == list(range(3, 23))
    assert done == {"source": "files", "rows": 31, "stored": 1, "duplicates": 0, "left_out": 30}


def test_of_many_rows_left_out_the_first_twenty_are_shown(tmp_path: Path) -> None:
    rows = ["ada,claims,letter,2026-03-02,3", *["bob,claims,letter,soon,1"] * 30]
    shown = typed("import", "usage", csv_of(tmp_path, *rows), "--source", "files").stdout
    assert shown.count("day must be a day") == 20
    assert "  and 10 more\n" in shown


def test_days_are_set_by_the_last_file_and_come_back_with_the_first(tmp_path: Path) -> None:
    first = ["ada,claims,letter,2026-03-02,3", "bob,claims,letter,2026-03-02,5", "ada,claims,mail,2026-03-02,1"]
    second = ["ada,claims,letter,2026-03-02,2", "bob,claims,letter,2026-03-02,0"]
    assert imported("usage", csv_of(tmp_path, *first)) == (3, 0, 0)
    before = stands()
    assert before == {
        ("files", "ada", "letter", DAY): 3,
        ("files", "bob", "letter", DAY): 5,
        ("files", "ada", "mail", DAY): 1,
    }
    assert imported("usage", csv_of(tmp_path, *first)) == (0, 3, 0)
    assert imported("usage", csv_of(tmp_path, *second)) == (2, 0, 0)
    assert stands() == {("files", "ada", "letter", DAY): 2, ("files", "ada", "mail", DAY): 1}
    assert imported("usage", csv_of(tmp_path, *second)) == (0, 1, 0)
    assert imported("usage", csv_of(tmp_path, *first)) == (2, 1, 0)
    assert stands() == before
    with closing(service()) as takehold:
        source = sources(takehold.workspace().zone)[NAME]
        assert rebuild(takehold.database, "default", source, lambda *_: None).differing == 0


def test_uses_are_added_once_however_often_the_file_comes(tmp_path: Path) -> None:
    use = "ada,claims,letter,2026-03-02T09:00:00Z,2"
    header = "actor,app,feature,occurred_at,count"
    assert imported("usage", csv_of(tmp_path, use, use, header=header)) == (2, 0, 0)
    assert imported("usage", csv_of(tmp_path, use, use, header=header)) == (0, 2, 0)
    assert imported("usage", csv_of(tmp_path, use, use, use, header=header)) == (1, 2, 0)
    assert stands() == {("files", "ada", "letter", DAY): 6}


def test_an_import_is_retracted_by_its_id_and_what_stood_before_stands_again(tmp_path: Path) -> None:
    first = ["ada,claims,letter,2026-03-02,3", "bob,claims,letter,2026-03-02,5"]
    second = ["ada,claims,letter,2026-03-02,2", "bob,claims,letter,2026-03-02,5", "eve,claims,letter,2026-03-02,1"]
    use = csv_of(tmp_path, "ada,claims,mail,2026-03-02T09:00:00Z", header="actor,app,feature,occurred_at")
    assert imported("usage", use) == (1, 0, 0)
    assert imported("usage", csv_of(tmp_path, *first)) == (2, 0, 0)
    before = counting()
    assert imported("usage", csv_of(tmp_path, *second)) == (2, 1, 0)
    told = counting()
    assert imported("usage", csv_of(tmp_path, *second)) == (0, 3, 0)
    assert [(one["source"], one["retracted_by"]) for one in known()] == [("files", [])] * 3
    id = known()[-1]["id"]
    done = typed("retract", "--import", id, "--reason", "wrong file")
    assert (done.exit_code, done.stderr) == (0, "")
    said, way_back = done.stdout.splitlines()
    assert said == "Retracted 1 day of use by 2 accounts, from 2026-03-02 to 2026-03-02."
    again = typed("retract", "--import", id, "--reason", "wrong file")
    assert again.stdout.splitlines() == ["That was retracted already.", way_back]
    assert counting() == before
    [event] = known()[-1]["retracted_by"]
    assert f"{id}  " in typed("import", "list").stdout
    assert typed("import", "list").stdout.endswith(f"  files  retracted by {event}\n")
    # The corrected file can come, and the wrong one as well.
    assert imported("usage", csv_of(tmp_path, *second)) == (2, 1, 0)
    assert counting() == told
    assert typed("retract", "--import", known()[-1]["id"], "--reason", "wrong again").exit_code == 0
    command = way_back.removeprefix("To undo it: takehold ").replace("TEXT", "right-after-all").split()
    assert typed(*command).exit_code == 0
    assert counting() == told
    with closing(service()) as takehold:
        for source in sources(takehold.workspace().zone).values():
            assert rebuild(takehold.database, "default", source, lambda *_: None).differing == 0


def test_uses_of_a_retracted_import_can_come_again_with_the_same_ids(tmp_path: Path) -> None:
    header = "actor,app,feature,occurred_at,id,count"
    rows = [f"ada,claims,letter,2026-03-02T09:00:00Z,{n},7" for n in range(3)]
    assert imported("usage", csv_of(tmp_path, *rows, header=header)) == (3, 0, 0)
    assert typed("retract", "--import", known()[0]["id"], "--reason", "wrong counts").exit_code == 0
    assert counting() == {}
    corrected = csv_of(tmp_path, *(row.removesuffix("7") + "1" for row in rows), header=header)
    assert imported("usage", corrected) == (3, 0, 0)
    assert imported("usage", corrected) == (0, 3, 0)
    assert counting() == {("files", "ada", "letter", DAY): 3}
    with closing(service()) as takehold:
        source = sources(takehold.workspace().zone)[NAME]
        assert rebuild(takehold.database, "default", source, lambda *_: None).differing == 0


def test_a_retraction_that_names_nothing_or_two_things_or_an_unknown_import_has_exit_code_2(tmp_path: Path) -> None:
    assert typed("import", "list").stdout == "No import brought observations.\n"
    assert imported("usage", csv_of(tmp_path, "ada,claims,letter,2026-03-02,3")) == (1, 0, 0)
    id, unknown = known()[0]["id"], "00000000-0000-4000-8000-000000000000"
    for words, sentence in (
        ([], "Name either a source or an import."),
        (["files", "--import", id], "Name either a source or an import."),
        (["--import", "nonsense"], "'nonsense' is not a valid UUID"),
        (["--import", unknown], "Invalid value for --import: No import of that id brought any observations."),
        (["--import", id, "--received", "2026-03-02"], "--received is for a source"),
        (["--import", id, "--from", "2026-03-03", "--to", "2026-03-02"], "--from is later than --to."),
    ):
        done = typed("retract", *words, "--reason", "x")
        assert done.exit_code == 2
        assert sentence in done.stderr
    assert typed("retract", "nobody", "--reason", "x").exit_code == 1
    assert counting() == {("files", "ada", "letter", DAY): 3}


def test_copilot_days_are_set_and_a_feature_that_a_later_file_no_longer_names_is_taken_back(tmp_path: Path) -> None:
    chat, typed_in = feature("chat_panel_ask_mode", prompts=4, shown=6), feature("code_completion", shown=9, accepted=2)
    path = tmp_path / "users.ndjson.gz"
    write_lines(path, [line("ada", "2026-03-02", chat, typed_in), line("bob", "2026-03-02", chat)])
    assert imported("copilot", path) == (6, 0, 0)
    first = path.read_bytes()
    before = stands()
    assert before == {
        ("files", "ada", "chat_panel_ask_mode", DAY): 4,
        ("files", "ada", "chat_panel_ask_mode passive", DAY): 6,
        ("files", "ada", "code_completion passive", DAY): 9,
        ("files", "ada", "code_completion success", DAY): 2,
        ("files", "bob", "chat_panel_ask_mode", DAY): 4,
        ("files", "bob", "chat_panel_ask_mode passive", DAY): 6,
    }
    write_lines(path, ["oh no", line("ada", "2026-03-02", feature("code_completion", shown=9, accepted=1))])
    assert imported("copilot", path) == (3, 1, 1)
    assert imported("copilot", path) == (0, 2, 1)
    after = {key: count for key, count in stands().items() if key[1] == "ada"}
    assert after == {
        ("files", "ada", "code_completion passive", DAY): 9,
        ("files", "ada", "code_completion success", DAY): 1,
    }
    path.write_bytes(first)
    assert imported("copilot", path)[0] == 3
    assert stands() == before


def test_a_report_can_be_made_of_it(tmp_path: Path) -> None:
    """Twelve people of a role; ten use it on four days, and a corrected file takes a day from one of them."""
    people = [f"p{number}" for number in range(12)]
    assert typed("import", "viva", _members(tmp_path, people)).exit_code == 0
    rows = [f"{name},copilot,total,2026-03-{day:02},1" for name in people[:10] for day in (2, 3, 4, 5)]
    assert answer("import", "usage", csv_of(tmp_path, *rows), "--source", "viva")["stored"] == 40
    [report] = answer("report", "--on", "2026-03-06")
    assert [(role["eligible"], role["adopted"]) for role in report["roles"]] == [(12, 10)]
    assert (
        answer("import", "usage", csv_of(tmp_path, "p0,copilot,total,2026-03-05,0"), "--source", "viva")["stored"] == 1
    )
    [report] = answer("report", "--on", "2026-03-06")
    assert [(role["eligible"], role["adopted"]) for role in report["roles"]] == [(12, 9)]


def _members(folder: Path, people: list[str]) -> Path:
    """A person query that puts them into one role in January, all of them without use."""
    path = folder / "query.csv"
    columns = "PersonId,MetricDate,Organization,Total_Copilot_active_days,Total_Copilot_enabled_days"
    path.write_text("\n".join([columns, *(f"{name},2026-01-04,Sales,0,5" for name in people)]))
    return path


@pytest.mark.parametrize(
    ("kind", "content", "sentence"),
    [
        ("usage", None, "There is no file"),
        ("usage", b"", "is empty"),
        ("usage", b"actor,app\nada,x\n", "has no column feature, day or occurred_at"),
        ("usage", b"actor,app,feature,day\n,x,y,2026-03-02\n", "has no row that can be used; line 2: actor is empty"),
        ("usage", b"actor,app,feature,day\nada,x,y,2026-03-02\n\xff", "is not text in UTF-8"),
        ("copilot", b"actor,app\nada,x\n", "has no row that can be used; line 1: it is no JSON"),
        (
            "copilot",
            b'[{"user_login":"ada"}]',
            "line 1: it is not as Copilot writes it: Expected `object`, got `array`",
        ),
        ("copilot", b"{}\n", "has no row that can be used; line 1: it is not as Copilot writes it"),
        (
            "copilot",
            gzip.compress(b'{"user_login":"ada","day":"2026-03-02"}\n' * 50, mtime=0)[:-9],
            "is damaged or cut",
        ),
    ],
)
def test_a_wrong_file_ends_in_one_sentence_and_stores_nothing(
    tmp_path: Path, kind: str, content: bytes | None, sentence: str
) -> None:
    path = tmp_path / "some"
    if content is not None:
        path.write_bytes(content)
    done = typed("import", kind, path, "--source", "files")
    assert done.exit_code == 1
    [said] = done.stderr.splitlines()
    assert said.startswith("Error: ")
    assert sentence in said
    assert stands() == {}


@pytest.mark.parametrize("kind", ["usage", "copilot"])
def test_wrong_usage_has_exit_code_2_and_no_workspace_1(tmp_path: Path, kind: str) -> None:
    path = csv_of(tmp_path, "ada,claims,letter,2026-03-02,3")
    write_lines(tmp_path / "users.ndjson", [line("ada", "2026-03-02")])
    assert typed("import", kind, path).exit_code == 2
    assert typed("import", kind, path, "--source", "").exit_code == 2
    good = path if kind == "usage" else tmp_path / "users.ndjson"
    done = typed("import", kind, good, "--source", "files", "--workspace", "nowhere")
    assert done.exit_code == 1
    assert "takehold init" in done.stderr


def test_a_run_that_was_broken_off_is_completed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_import, "_AT_ONCE", 10)
    path = csv_of(tmp_path, *(f"p{n},claims,letter,2026-03-02,1" for n in range(35)))

    def broken_off(what: str, done: int, total: int | None) -> None:
        if what == "rows stored" and done == 20:
            raise KeyboardInterrupt

    with closing(service()) as takehold, open_file(path) as file, pytest.raises(KeyboardInterrupt):
        import_usage(takehold, "default", "files", UsageFile(file, "usage.csv"), broken_off)
    assert imported("usage", path) == (15, 20, 0)


def test_progress_reaches_the_last_row(tmp_path: Path) -> None:
    told: dict[str, tuple[int, int | None]] = {}
    path = csv_of(tmp_path, *(f"p{n},claims,letter,2026-03-02,1" for n in range(35)), "bad")
    with closing(service()) as takehold, open_file(path) as file:
        seen: Callable[..., Any] = lambda what, done, total: told.__setitem__(what, (done, total))  # noqa: E731
        import_usage(takehold, "default", "files", UsageFile(file, "usage.csv"), seen)
    assert told == {"rows checked": (36, 36), "rows stored": (36, 36)}


def test_a_large_file_is_read_in_bounded_memory(tmp_path: Path) -> None:
    """Sixty times the rows take no more memory, packed into a file of a few kilobytes too."""
    peaks = []
    for number in (1_000, 60_000):
        path = tmp_path / "usage.csv.gz"
        rows = (f"p{n % 50},claims,letter,{date.fromordinal(DAY.toordinal() - n // 50)},1\n" for n in range(number))
        with gzip.open(path, "wt") as packed:
            packed.write(f"{HEADER}\n")
            packed.writelines(rows)
        with open_file(path) as file:
            usage = UsageFile(file, "usage.csv")
            tracemalloc.start()
            assert sum(1 for _ in usage.rows(DAY)) == number
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    # What is remembered of cells that were judged is at most 10,000 of each kind.
    assert peaks[1] < peaks[0] + 8_000_000


def _until_the_end(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            some = os.read(terminal, 65_536)
        except OSError:
            # On Linux the end of a terminal is an error.
            return
        if not some:
            return
        yield some


@pytest.mark.parametrize("watched", [True, False])
def test_a_bar_is_shown_where_somebody_watches_and_nowhere_else(tmp_path: Path, watched: bool) -> None:
    path = csv_of(tmp_path, *(f"p{n},claims,letter,2026-03-02,1" for n in range(35)))
    words = [sys.executable, "-m", "service", "import", "usage", str(path), "--source", "files", "--json"]
    terminal, end = pty.openpty()
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=end if watched else subprocess.PIPE) as started:
        os.close(end)
        shown = b"".join(_until_the_end(terminal)) if watched else b""
        said, more = started.communicate(timeout=60)
    os.close(terminal)
    assert started.returncode == 0
    assert said.startswith(b"{")
    assert (b"35/35" in shown) == watched
    assert not more
