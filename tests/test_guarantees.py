"""Every promise of docs/guarantees.md names a test that there is, and every fault is named by a promise."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.faults.torture import FAULTS, WITHOUT_A_STORE

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
PROMISES = [
    line.strip("| ").split(" | ")
    for line in PAGE.partition("## What `make torture` printed")[0].splitlines()
    if line.startswith("| ") and not line.startswith("| promise")
]


@cache
def functions_of(path: Path) -> set[str]:
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("promise", PROMISES, ids=[promise[0][:60] for promise in PROMISES])
def test_a_promise_names_a_test_that_there_is(promise: list[str]) -> None:
    said, shown = promise
    assert said.endswith(".")
    file, name = re.fullmatch(r"`(tests/\S+\.py)::(test_\w+)`", shown).groups()  # type: ignore[union-attr]
    assert name in functions_of(ROOT / file)


def test_there_are_promises_and_none_is_shown_by_the_test_of_another() -> None:
    assert len(PROMISES) > 20
    assert len({shown for _, shown in PROMISES}) == len(PROMISES)


def test_every_fault_shows_a_promise() -> None:
    named = {re.search(r"test_(\w+)\.py", shown).group(1) for _, shown in PROMISES}  # type: ignore[union-attr]
    assert named >= {*FAULTS, *WITHOUT_A_STORE}


def test_what_torture_printed_last_is_told_of_every_fault() -> None:
    printed = PAGE.partition("## What `make torture` printed")[2]
    for fault in (*FAULTS, *WITHOUT_A_STORE):
        assert re.search(rf"^{fault} +(sqlite|postgres|-) +held", printed, re.M), fault
