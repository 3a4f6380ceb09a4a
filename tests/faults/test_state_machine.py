"""Whatever is told in whatever order, the store says what a model in memory says."""

import pytest

from tests.faults import state_machine
from tests.faults.stores import ENGINES


@pytest.mark.parametrize("engine", ENGINES)
def test_log_and_read_models_say_what_a_model_in_memory_says_after_every_step(engine: str) -> None:
    assert state_machine.run(engine, full=False)
