"""The short form of what `tests.faults.mutations` tries."""

from __future__ import annotations

import pytest

from tests.faults import mutations


def test_a_hundred_mutations_of_an_export_are_found_at_their_position() -> None:
    [figure] = mutations.run(full=False)
    assert figure.startswith("mutations of an export: 100 of 100 found at their position (17 bits flipped, ")


def test_a_mutation_that_is_missed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutations, "bad_position", lambda *_: None)
    with pytest.raises(AssertionError, match=r"mutation 0 \(bits flipped\): found at None, expected \d+"):
        mutations.run(full=False)
