"""Nobody can hold the service up by sending slowly, or fill its memory."""

import pytest

from tests.faults import bad_senders
from tests.faults.stores import ENGINES


@pytest.mark.parametrize("engine", ENGINES)
def test_slow_senders_and_bombs_keep_nobody_from_being_answered(engine: str) -> None:
    assert bad_senders.run(engine, full=False)
