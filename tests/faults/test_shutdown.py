"""A process that is asked to end does, and takes nothing with it."""

import pytest

from tests.faults import shutdown
from tests.faults.stores import ENGINES


@pytest.mark.parametrize("engine", ENGINES)
def test_what_was_acknowledged_survives_a_process_that_is_asked_to_end(engine: str) -> None:
    assert shutdown.run(engine, full=False)
