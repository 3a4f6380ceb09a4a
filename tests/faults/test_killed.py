"""What was acknowledged survives the death of whoever acknowledged it."""

import pytest

from tests.faults import killed
from tests.faults.stores import ENGINES


@pytest.mark.parametrize("engine", ENGINES)
def test_what_was_acknowledged_is_stored_once_though_web_and_worker_are_killed(engine: str) -> None:
    assert killed.run(engine, full=False)
