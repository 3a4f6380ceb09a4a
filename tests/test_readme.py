"""Every snippet of the README runs, in order, against a live demo; a reader's first minutes must not fail."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.running import START_SECONDS, free_port, process_ended

ROOT = Path(__file__).parents[1]
SNIPPETS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """A small demo that serves, as `make run` starts it: its folder and its port."""
    folder, port = tmp_path_factory.mktemp("demo"), free_port()
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "takehold").symlink_to(Path(sys.executable).with_name("takehold"))
    words = [sys.executable, "-m", "service", "demo", "--people", "240", "--serve", "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TAKEHOLD_")}
    with (folder / "out").open("w") as out:
        path = {**environment, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(words, cwd=folder, stdout=out, env=path)
        deadline = time.monotonic() + START_SECONDS
        while not _ready(port):
            assert time.monotonic() < deadline, "the demo did not get ready"
            assert not process_ended(process), "the demo ended"
        yield folder, port
        process.terminate()
        process.wait(timeout=60)


def _ready(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/health/ready", timeout=2).ok
    except requests.ConnectionError:
        return False


def test_every_snippet_runs_and_answers_what_it_says(demo: tuple[Path, int]) -> None:
    folder, port = demo
    script = 'set -eu\nanswer() { printf "\\n%s\\n" "-- next"; }\n'
    # As the text says: the second command once more, at the same time.
    again = next(one.partition("\n")[2] for one in SNIPPETS if one.startswith("NOW="))
    script += "answer\n".join([*SNIPPETS, again]).replace(":8080", f":{port}")
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(part) for part in done.stdout.split("-- next") if part.strip()]
    assert len(answers) == len(SNIPPETS) == 6
    assessment, usage, adoption, reminders, channel, repeated = answers
    assert "event_id" in assessment
    assert (usage["stored"], usage["rejected"]) == (1, 0)
    assert (repeated["stored"], repeated["duplicate"]) == (0, 1)
    assert adoption["series"][-1]["status"] == "known"
    assert {one["rule"] for one in reminders["reminders"]} >= {"below_plan"}
    assert channel["kind"] == "slack"


def test_the_demo_prints_a_summary_an_address_and_a_link_that_signs_in(demo: tuple[Path, int]) -> None:
    folder, port = demo
    out = (folder / "out").read_text()
    assert "Call" in out
    assert f"http://127.0.0.1:{port}/" in out
    link = re.search(r"Sign in: +(\S+)", out)
    assert link is not None
    browser = requests.Session()
    assert "Sign in" in browser.get(link[1], timeout=30).text
    page = browser.post(link[1], timeout=30)
    assert page.status_code == 200
    assert "AI claims assistant" in page.text
    assert requests.post(link[1], timeout=30).status_code == 404
