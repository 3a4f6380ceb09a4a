"""Unmodified clients for Node deliver into a running server, and what they sent counts as training."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.service.intake.dialects import node
from tests.service.intake.xapi.academy import COURSE, WHEN, Academy

# What a client sends does not depend on the engine.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("program", "words"),
    [("tincanjs.mjs", []), ("xapi.mjs", ["axios"]), ("xapi.mjs", ["fetch"])],
    ids=["tincanjs", "@xapi/xapi by axios", "@xapi/xapi by fetch"],
)
def test_its_statements_become_trainings_once_however_often_they_are_sent(
    program: str, words: list[str], packages: Path, academy: Academy
) -> None:
    node.run(packages, program, academy.endpoint, academy.key, WHEN, COURSE, *words)
    academy.expect_trainings(times=2, voided=2)
