"""The event feed, waited for: at once when there is something, else as soon as there is, or empty when time is over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.api import feed
from tests.service.api.office import Office
from tests.service.conftest import Caller
from tests.service.worker.cast import eventually

MANY = 40
"""More than a store has connections."""


class Seats(threading.BoundedSemaphore):
    """Counts who waits."""

    taken = 0

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        got = super().acquire(blocking, timeout)
        self.taken += got
        return got


@pytest.fixture
def seats(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seats]:
    made = Seats(MANY)
    monkeypatch.setattr(feed, "_SEATS", made)
    yield made
    # Whoever waited has left.
    assert all(made.acquire(blocking=False) for _ in range(MANY))


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(MANY) as made:
        yield made


def ask(office: Office, **query: Any) -> TestResponse:
    return Caller(office.house.app.test_client(), office.alice.key).get("/events", **query)


def types(answer: Future[TestResponse]) -> list[str]:
    return [one["type"] for one in answer.result(timeout=30).get_json()["events"]]


def test_what_is_there_is_answered_at_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.announce(2)
    monkeypatch.setattr(feed, "_SEATS", threading.BoundedSemaphore(0))
    answer = ask(office, after=1, wait=20).get_json()
    assert ([one["position"] for one in answer["events"]], answer["next"]) == ([2], 2)


def test_what_comes_is_answered_when_it_comes(office: Office, pool: ThreadPoolExecutor, seats: Seats) -> None:
    office.alice  # noqa: B018  makes the key before somebody waits
    waiting = pool.submit(ask, office, wait=20)
    eventually(lambda: seats.taken == 1)
    office.announce(1)
    assert types(waiting) == ["person.registered"]


def test_what_was_not_asked_for_does_not_end_the_wait(office: Office, pool: ThreadPoolExecutor, seats: Seats) -> None:
    office.announce(1)
    waiting = pool.submit(ask, office, wait=20, type="change.launched")
    eventually(lambda: seats.taken == 1)
    for number in (1, 2):
        assert office.alice.post("/people", [{"external_id": f"more-{number}"}]).status_code == 200
    assert not waiting.done()
    office.launch()
    assert types(waiting) == ["change.launched"]


def test_who_is_ahead_of_the_log_gets_only_what_comes_after(
    office: Office, pool: ThreadPoolExecutor, seats: Seats
) -> None:
    office.announce(1)
    waiting = pool.submit(ask, office, after=2, wait=20)
    eventually(lambda: seats.taken == 1)
    for number in (1, 2):
        assert office.alice.post("/people", [{"external_id": f"more-{number}"}]).status_code == 200
    assert [one["position"] for one in waiting.result(timeout=30).get_json()["events"]] == [3]


def test_when_time_is_over_the_answer_is_empty_and_goes_on_where_it_was(office: Office) -> None:
    office.announce(1)
    assert ask(office, after=1, wait=0.3).get_json() == {"events": [], "next": 1}
    assert ask(office, after=7, wait=0.01).get_json() == {"events": [], "next": 7}


def test_who_waits_holds_no_connection(office: Office, pool: ThreadPoolExecutor, seats: Seats) -> None:
    office.announce(1)
    waiting = [pool.submit(ask, office, after=1, wait=20) for _ in range(MANY)]
    eventually(lambda: seats.taken == MANY)
    assert office.alice.get("/changes").status_code == 200
    office.launch()
    assert [types(one) for one in waiting] == [["change.launched", "adoption.defined"]] * MANY


def test_one_too_many_is_asked_to_come_back(
    office: Office, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_seat = Seats(1)
    monkeypatch.setattr(feed, "_SEATS", one_seat)
    office.announce(1)
    waiting = pool.submit(ask, office, after=1, wait=20)
    eventually(lambda: one_seat.taken == 1)
    refused = ask(office, after=1, wait=20)
    assert (refused.status_code, refused.get_json()["code"]) == (503, "busy")
    assert refused.headers["Retry-After"] == "5"
    assert ask(office, after=1).status_code == 200, "who does not wait needs no seat"
    office.launch()
    assert types(waiting) == ["change.launched", "adoption.defined"]
    assert ask(office, after=3, wait=0.01).status_code == 200, "the seat is free again"


@pytest.mark.parametrize("wait", ["-1", "20.1", "nan", "soon", ""])
def test_a_wait_that_makes_no_sense_is_refused(office: Office, wait: str) -> None:
    answer = ask(office, wait=wait)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "wait")
