"""Many writers at once, and one who does not let go."""

import pytest

from tests.faults import writers
from tests.faults.stores import ENGINES


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_is_missed_and_rebuilt_is_live_while_sixteen_write(engine: str) -> None:
    assert writers.crowd(engine, transactions=10, events=20)


@pytest.mark.parametrize("engine", ENGINES)
def test_who_holds_the_lock_for_ever_makes_others_come_back_later_and_not_hang(engine: str) -> None:
    assert writers.held(engine, full=False)
