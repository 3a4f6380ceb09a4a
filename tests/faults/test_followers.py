"""Followers that die, and events that they cannot apply."""

import pytest

from tests.faults import followers
from tests.faults.stores import ENGINES


@pytest.mark.parametrize("engine", ENGINES)
def test_a_follower_or_rebuild_that_dies_at_every_commit_ends_where_one_that_lives_does(engine: str) -> None:
    assert followers.killed_at_every_boundary(engine, number=40, limit=40)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_poison_event_stops_only_whom_it_concerns_and_is_seen(engine: str) -> None:
    assert followers.poisoned(engine, full=False)
