"""No body, however hostile, makes a running server fail."""

import pytest

from tests.faults import hostile_bodies
from tests.faults.stores import ENGINES


@pytest.mark.parametrize("engine", ENGINES)
def test_every_route_of_a_running_server_refuses_poison_with_one_verdict_and_goes_on(engine: str) -> None:
    assert hostile_bodies.run(engine, full=False)
