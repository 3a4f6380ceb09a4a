"""What is taken in somebody else's protocol is as safe as what is taken in ours."""

import pytest

from tests.faults import dialects
from tests.faults.stores import ENGINES


@pytest.mark.parametrize("engine", ENGINES)
def test_what_was_acknowledged_in_any_dialect_counts_once_though_web_and_worker_are_killed(engine: str) -> None:
    assert dialects.run(engine, full=False)
