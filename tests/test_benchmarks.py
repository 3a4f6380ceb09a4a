"""The benchmarks themselves run, in tiny sizes: what they say about speed is nobody's concern here."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from benchmarks import adoption, append, ingest, lag, memory, replay
from benchmarks.engines import Bench
from benchmarks.figures import Figure, Report, compare, in_turns, paired, save, show

told_by_linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells what it held")


@pytest.fixture
def bench(postgres_server: str, tmp_path: Path) -> Bench:
    return Bench(tmp_path, postgres_server, quick=True)


@pytest.mark.parametrize(
    ("benchmark", "figures", "checks", "left_out"),
    [
        (ingest, 6, ["posted = acknowledged = stored"] * 2, ["aw-server", "Ralph"]),
        (
            adoption,
            8,
            [
                *(f"{way} = bare kernel" for way in ("query function", "HTTP", "HTTP role by role", "use came in")),
                *["HTTP = DuckDB", *["HTTP = COUNT(DISTINCT)"] * 3],
            ],
            ["chdb"],
        ),
        (append, 15, ["in a chain that holds"] * 2, []),
        (replay, 4, ["each rebuilt generation equal"] * 2, []),
        (lag, 1, ["adoption rose by one"], []),
        pytest.param(memory, 5, ["read by the follower"] * 2 + ["nothing differed"], [], marks=told_by_linux),
    ],
    ids=["ingest", "adoption", "append", "replay", "lag", "memory"],
)
def test_a_benchmark_runs_and_compares_what_it_measures(
    benchmark: object, figures: int, checks: list[str], left_out: list[str], bench: Bench
) -> None:
    report: Report = benchmark.run(bench)  # type: ignore[attr-defined]
    assert len(report.figures) == figures
    for figure in report.figures:
        assert math.isfinite(figure.ratio), figure
        assert figure.ratio > 0, figure
        assert figure.ours > 0, figure
        assert figure.theirs > 0, figure
    assert len(report.checked) == len(checks)
    for said, wanted in zip(report.checked, checks, strict=True):
        assert wanted in said
    # Peers that need an environment of their own are no part of the tests, and their absence is said.
    for said, wanted in zip(report.left_out, left_out, strict=True):
        assert f"{wanted}, not asked for" in said


def test_a_run_that_is_told_to_end_takes_its_servers_with_it(tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-m", "benchmarks", "lag", "--quick"],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stderr
    # Said when PostgreSQL runs already.
    assert any("lag ..." in line for line in run.stderr)
    assert list(tmp_path.glob("takehold-bench-*/pg/postmaster.pid"))
    run.terminate()
    assert run.communicate(timeout=60)[1].endswith("ended by SIGTERM\n")
    assert list(tmp_path.glob("takehold-bench-*")) == []


def test_rounds_are_taken_in_turns_and_the_first_only_warms_up() -> None:
    turns: list[tuple[str, int]] = []

    def side(name: str, took: float, number: int) -> float:
        turns.append((name, number))
        return took + number

    pairs = paired(3, partial(side, "A", 10), partial(side, "B", 20))
    assert turns == [("A", 0), ("B", 0), ("A", 1), ("B", 1), ("A", 2), ("B", 2)]
    assert pairs == [(11, 21), (12, 22)]


def test_any_number_of_sides_takes_turns() -> None:
    taken = in_turns(3, [lambda number: 10.0 + number, lambda number: 20.0 + number, lambda number: 30.0 + number])
    assert taken == [(11, 21, 31), (12, 22, 32)]


def test_a_ratio_is_the_median_of_the_paired_ratios_and_not_the_ratio_of_the_medians() -> None:
    figure = compare("x", "peer", [(1, 1), (6, 2), (4, 8)], "s", budget=1.0)
    assert (figure.ours, figure.theirs) == (4, 2)
    assert figure.ratio == 1
    assert figure.held


def test_a_rate_is_what_was_done_in_a_round_per_second() -> None:
    figure = compare("x", "peer", [(2.0, 0.5)], "rows/s", amount=100)
    assert (figure.ours, figure.theirs, figure.ratio) == (50, 200, 4)
    assert figure.held is None


def test_a_budget_that_is_not_held_is_told_and_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = Report([Figure("slow thing", "ms", 9.0, "peer", 2.0, 4.5, 2.0)], ["it is equal"], ["another peer"])
    show([report])
    said = capsys.readouterr().out
    assert "NOT HELD" in said
    assert "checked: it is equal" in said
    assert "left out: another peer" in said
    save([report], tmp_path / "figures.json")
    saved = json.loads((tmp_path / "figures.json").read_text())
    assert saved["figures"][0]["held"] is False
    assert saved["checked"] == ["it is equal"]
    assert saved["left_out"] == ["another peer"]
