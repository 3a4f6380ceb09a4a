"""What is about one person is told to those who may read personal things; others see that something happened."""

from __future__ import annotations

from collections.abc import Callable

from tests.service.conftest import Caller


def test_an_auditor_sees_that_something_about_a_person_happened_and_not_what(
    launched: Caller, caller: Callable[..., Caller]
) -> None:
    every = launched.get("/events", limit=1000).get_json()["events"]
    seen = caller("auditor").get("/events", limit=1000).get_json()["events"]
    assert [one["hash"] for one in seen] == [one["hash"] for one in every]
    placed = [one for one in seen if one["type"] == "member.placed"]
    assert len(placed) == 12
    assert all((one["data"], one["stream"], one["veiled"]) == ({}, None, True) for one in placed)
    [change] = [one for one in seen if one["type"] == "change.launched"]
    assert (change["data"]["key"], change["veiled"]) == ("copilot", False)
    assert not any(one["veiled"] for one in every)
