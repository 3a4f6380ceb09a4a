"""Many processes on one store."""

import pytest

from tests.faults import crowded
from tests.faults.stores import ENGINES


@pytest.mark.parametrize("engine", ENGINES)
def test_nobody_is_told_of_a_locked_database_by_three_web_and_two_worker_processes(engine: str) -> None:
    assert crowded.run(engine, full=False)
