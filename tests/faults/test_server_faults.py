"""The service outlives its database server, and says so meanwhile."""

from tests.faults import server_faults


def test_every_request_is_answered_and_nothing_is_lost_when_postgresql_is_killed_or_stands_still() -> None:
    assert server_faults.run("postgres", full=False)
