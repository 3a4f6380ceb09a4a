"""What stands between the benchmarks and programs of others; the programs themselves are no part of the tests."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from benchmarks.crowd import Kernel, crowd
from benchmarks.load import SIZE, batches
from benchmarks.peers.duck import duck
from benchmarks.peers.environments import NotThere, python_of
from benchmarks.peers.servers import as_events, as_statements
from benchmarks.processes import own_environment, peak_megabytes, running
from tests.events.cast import until

MEGABYTE = 2**20


def test_peers_get_the_same_observations_in_their_own_words() -> None:
    batch = next(batches(1))
    items = json.loads(gzip.decompress(batch.body))["events"]
    events, statements = json.loads(as_events(batch.body)), json.loads(as_statements(batch.body))
    assert len(items) == len(events) == len(statements) == SIZE
    for item, event, statement in zip(items, events, statements, strict=True):
        assert event["timestamp"] == statement["timestamp"] == item["occurred_at"]
        assert event["data"] == {name: item[name] for name in ("id", "app", "feature", "actor")}
        assert statement["actor"]["account"]["name"] == item["actor"]
        assert statement["object"]["id"].endswith(f"/{item['app']}/{item['feature']}")
        assert event["duration"] * 1000 == pytest.approx(item["duration_ms"])
    ids = {UUID(statement["id"]) for statement in statements}
    assert len(ids) == SIZE
    assert {one.version for one in ids} == {4}


def test_duckdb_agrees_where_people_come_back_after_months_and_where_windows_are_cut_by_both_ends() -> None:
    # Few observations of many people over many days, so that most gaps are longer than a window.
    few = crowd(400, 60, 3, 120, last_day=739_000, features=5)
    kernel = Kernel(few)
    with duck(few) as theirs:
        assert (theirs.monthly() == kernel.monthly()).all()
        assert (theirs.adopted() == kernel.adopted()).all()
        for row in (0, 27, 28, 119):
            assert theirs.of_window(row) == (kernel.monthly()[row].tolist(), kernel.adopted()[row].tolist())
    assert kernel.adopted().any()


def test_an_environment_that_cannot_be_made_is_not_there_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "gone.txt").write_text(f"no-such-file @ {(tmp_path / 'gone.whl').as_uri()} --hash=sha256:{'0' * 64}\n")
    with pytest.raises(NotThere, match="could not be made") as told:
        python_of("gone", tmp_path, tmp_path / "made")
    assert "gone.whl" not in str(told.value)
    assert list((tmp_path / "made").glob("*")) == []


def test_an_environment_is_kept_until_its_lock_changes(tmp_path: Path) -> None:
    lock = tmp_path / "empty.txt"
    lock.write_text("# nothing\n")
    python = python_of("empty", tmp_path, tmp_path / "made")
    where = subprocess.run([python, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=True)
    assert Path(where.stdout.strip()) == tmp_path / "made/empty"
    (tmp_path / "made/empty/mark").touch()
    assert python_of("empty", tmp_path, tmp_path / "made") == python
    assert (tmp_path / "made/empty/mark").exists()
    lock.write_text("# nothing either\n")
    python_of("empty", tmp_path, tmp_path / "made")
    assert not (tmp_path / "made/empty/mark").exists()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells what it held")
def test_the_peak_is_that_of_the_largest_in_the_family_even_when_it_let_go_again(tmp_path: Path) -> None:
    hold = f"x = bytearray(b'1' * 100 * {MEGABYTE}); del x; open('held', 'w').close(); import time; time.sleep(60)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    family = subprocess.Popen([sys.executable, "-c", child], cwd=tmp_path, start_new_session=True)
    try:
        for _ in until((tmp_path / "held").exists):
            assert family.poll() is None
        peak = peak_megabytes(family.pid)
    finally:
        os.killpg(family.pid, signal.SIGKILL)
        family.wait()
    assert peak
    # The bytes and their copy.
    assert 200 <= peak < 300


def test_a_process_that_was_started_ends_with_its_block(tmp_path: Path) -> None:
    # By another name first, so that it is never seen half written.
    tell = "open('half', 'w').write(os.environ['HOME']); os.rename('half', 'home')"
    code = f"import os, time; os.chdir({str(tmp_path)!r}); {tell}; time.sleep(60)"
    with running([sys.executable, "-c", code], own_environment(tmp_path / "elsewhere"), quiet=True) as number:
        for _ in until((tmp_path / "home").exists):
            os.kill(number, 0)
    assert (tmp_path / "home").read_text() == str(tmp_path / "elsewhere")
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
