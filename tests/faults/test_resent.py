"""The same things sent again."""

import pytest

from tests.faults import resent
from tests.faults.stores import ENGINES


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_sent_five_times_and_again_after_a_year_is_stored_once(engine: str) -> None:
    assert resent.run(engine, full=False)
