"""The service outlives a full disk, and says so meanwhile."""

from tests.faults import storage_faults


def test_without_room_writes_are_refused_and_reading_goes_on_and_with_room_again_all_is_well() -> None:
    assert storage_faults.run("sqlite", full=False)
