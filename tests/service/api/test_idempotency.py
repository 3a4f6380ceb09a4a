"""A request that names a key happens once, however often it is sent, and is answered alike each time."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.test import TestResponse

from events.sealed import Sealed
from service.api import writing
from service.idempotency import IDEMPOTENCY, purge
from service.vault import Erased
from tests.service.api.corpus import AVERAGE, CHANGE, CHANNEL, NOW, ROLE, STAGE, TRAINING, USE, WRITES
from tests.service.api.office import House, Office, at
from tests.service.api.test_bad_input import Desk
from tests.service.conftest import Caller

POSTS = [route for route, (method, _, _) in WRITES.items() if method == "POST"]
REQUESTS: list[tuple[str, Any]] = [
    ("/people", [{"external_id": "fresh"}]),
    ("/changes", CHANGE),
    ("/changes/copilot/roles", ROLE),
    ("/changes/copilot/assessments", AVERAGE),
    ("/changes/copilot/stages", STAGE),
    ("/trainings", {"events": [TRAINING]}),
    ("/usage", {"events": [USE]}),
    ("/channels", CHANNEL),
]


def send(caller: Caller, path: str, body: Any, key: str | None = "k", **headers: str) -> TestResponse:
    named = headers if key is None else {"Idempotency-Key": key, **headers}
    return caller.post(path, body, headers=named)


def told(answer: TestResponse) -> tuple[Any, ...]:
    """What an answer says, apart from whether it was said before."""
    kept = ("Content-Type", "Takehold-Position", "ETag")
    return (answer.status_code, answer.data, *(answer.headers.get(name) for name in kept))


def replayed(answer: TestResponse) -> bool:
    return answer.headers.get("Idempotency-Replayed") == "true"


def rows(office: Office) -> list[Any]:
    with office.takehold.database.read() as connection:
        return list(connection.execute(select(IDEMPOTENCY).where(IDEMPOTENCY.c.workspace_id == office.id)))


@pytest.fixture(scope="module")
def desk(house: House) -> Desk:
    return Desk(house)


@pytest.fixture
def launched(office: Office) -> Office:
    with at("2026-03-10T09:00+00:00"):
        office.announce(1)
        office.launch()
        office.impact("sales")
    return office


@pytest.mark.parametrize("route", POSTS)
def test_a_repeat_of_any_post_is_answered_alike_and_stores_nothing(desk: Desk, route: str) -> None:
    headers = {"Idempotency-Key": f"repeat {route}".replace(" ", "-")}
    first = desk.send(route, json=WRITES[route][2], headers=headers)
    assert first.status_code in (200, 201, 204)
    before = desk.office.stored()
    again = desk.send(route, json=WRITES[route][2], headers=headers)
    assert told(again) == told(first)
    assert (replayed(first), replayed(again)) == (False, True)
    assert desk.office.stored() == before


def test_without_a_key_nothing_is_kept(launched: Office) -> None:
    assert send(launched.alice, "/changes", CHANGE, None).status_code == 201
    assert rows(launched) == []


def test_another_body_under_the_same_key_is_refused(launched: Office) -> None:
    assert send(launched.alice, "/changes/copilot/roles", ROLE).status_code == 201
    before = launched.stored()
    answer = send(launched.alice, "/changes/copilot/roles", ROLE | {"key": "other"})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "idempotency_key_reused")
    assert launched.stored() == before


def test_a_key_belongs_to_whoever_uses_it_and_to_the_route(launched: Office) -> None:
    people = [{"external_id": "anna"}]
    answers = [send(launched.alice, "/people", people), send(launched.caller("app"), "/people", people)]
    answers.append(send(launched.alice, "/trainings", {"events": [TRAINING]}))
    assert [(one.status_code, replayed(one)) for one in answers] == [(200, False)] * 3


def test_a_refused_request_stores_nothing_so_that_a_mended_one_may_use_its_key(launched: Office) -> None:
    before = launched.stored()
    for bad in (ROLE | {"manager": "nobody"}, ROLE | {"key": "Not A Key"}, {}):
        assert send(launched.alice, "/changes/copilot/roles", bad).status_code == 422
    assert send(launched.alice, "/changes/nothing/roles", ROLE).status_code == 404
    assert launched.stored() == before
    mended = send(launched.alice, "/changes/copilot/roles", ROLE)
    assert (mended.status_code, replayed(mended)) == (201, False)


@pytest.mark.parametrize("key", ["", "a b", "tab\t", "é", "x" * 256])
def test_a_key_that_is_not_visible_ascii_is_refused(launched: Office, key: str) -> None:
    before = launched.stored()
    answer = send(launched.alice, "/changes/copilot/roles", ROLE, key)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_idempotency_key")
    assert launched.stored() == before


def test_the_longest_key_is_taken(launched: Office) -> None:
    for again in (False, True):
        answer = send(launched.alice, "/changes/copilot/roles", ROLE, "~" * 255)
        assert (answer.status_code, replayed(answer)) == (201, again)


def test_a_request_that_is_in_flight_is_waited_for_and_then_replayed(launched: Office) -> None:
    together = Barrier(4)
    callers = [Caller(launched.house.app.test_client(), launched.alice.key) for _ in range(4)]

    def ask(caller: Caller) -> TestResponse:
        together.wait(20)
        return send(caller, "/changes/copilot/roles", ROLE)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, callers))
    assert sorted(replayed(one) for one in answers) == [False, True, True, True]
    assert len({told(one) for one in answers}) == 1


@pytest.mark.parametrize(("path", "body"), [("/changes/copilot/roles", ROLE), ("/usage", {"events": [USE]})])
def test_a_crash_before_the_commit_stores_neither_the_deed_nor_the_key(
    launched: Office, monkeypatch: pytest.MonkeyPatch, path: str, body: Any
) -> None:
    before, real = launched.stored(), writing.remember

    def crash(*args: Any) -> None:
        real(*args)
        raise SystemError("the power is gone")

    with at(NOW):
        with monkeypatch.context() as broken:
            broken.setattr(writing, "remember", crash)
            assert send(launched.alice, path, body).status_code == 500
        assert launched.stored() == before
        answer = send(launched.alice, path, body)
    assert (answer.status_code in (200, 201), replayed(answer)) == (True, False)


def test_after_a_day_a_repeat_is_told_that_it_was_done_and_where(launched: Office) -> None:
    with at("2026-03-10T12:00+00:00"):
        first = send(launched.alice, "/changes/copilot/roles", ROLE)
    before = launched.stored()
    with at("2026-03-11T11:59:59+00:00"):
        assert replayed(send(launched.alice, "/changes/copilot/roles", ROLE))
    with at("2026-03-11T12:00+00:00"):
        late = send(launched.alice, "/changes/copilot/roles", ROLE)
        other = send(launched.alice, "/changes/copilot/roles", ROLE | {"key": "other"})
    assert (late.status_code, late.get_json()["code"]) == (409, "answer_expired")
    assert late.headers["Takehold-Position"] == first.headers["Takehold-Position"]
    assert other.get_json()["code"] == "idempotency_key_reused"
    assert launched.stored() == before


def test_an_answer_without_a_body_never_expires(house: House) -> None:
    desk = Desk(house)
    headers = {"Idempotency-Key": "k"}
    assert desk.send("/reminders/<uuid:reminder>/note", json={"text": "x"}, headers=headers).status_code == 204
    with at("2027-03-10T12:00+00:00"):
        path = f"/reminders/{desk.reminder}/note"
        again = desk.office.alice.post(path, {"text": "x"}, headers=headers)
    assert (again.status_code, replayed(again)) == (204, True)


def test_bodies_are_sealed_and_the_purge_erases_them_and_their_keys_after_a_day(launched: Office) -> None:
    takehold, vault = launched.takehold, launched.takehold.vault
    with at("2026-03-10T12:00+00:00"):
        first = send(launched.alice, "/changes", CHANGE, "old")
    with at("2026-03-11T00:00+00:00"):
        send(launched.alice, "/changes/copilot/roles", ROLE, "new")
    old = next(row for row in rows(launched) if row.key == "old")
    box = Sealed(key=old.body_key, box=old.body)
    assert "fresh" not in old.body
    assert json.loads(vault.open(launched.id, box)) == first.get_json()
    with at("2026-03-11T12:00+00:00"):
        assert purge(takehold.database, vault, launched.id) == 1
        assert purge(takehold.database, vault, launched.id) == 0
        assert send(launched.alice, "/changes", CHANGE, "old").status_code == 409
        assert replayed(send(launched.alice, "/changes/copilot/roles", ROLE, "new"))
    kept = {row.key: (row.body is None, row.body_key is None, len(row.request_hash)) for row in rows(launched)}
    assert kept == {"old": (True, True, 64), "new": (False, False, 64)}
    with pytest.raises(Erased):
        vault.open(launched.id, box)


@settings(max_examples=10, deadline=None)
@given(order=st.lists(st.integers(0, len(REQUESTS) - 1), min_size=1, max_size=16))
def test_any_sequence_of_repeats_equals_each_request_once(house: House, order: list[int]) -> None:
    def carried_out(numbers: list[int]) -> tuple[dict[str, int], list[str], dict[int, set[Any]]]:
        office, answers = house.office(), {}
        with at(NOW):
            office.announce(1)
            office.launch()
            office.impact("sales")
            for number in numbers:
                answers.setdefault(number, set()).add(told(send(office.alice, *REQUESTS[number], key=f"k{number}")))
        return office.stored(), [one.event.wire for one in office.events()], answers

    stored, events, answers = carried_out(order)
    once_stored, once_events, once = carried_out(list(dict.fromkeys(order)))
    assert (stored, events) == (once_stored, once_events)
    assert [len(said) for said in answers.values()] == [1] * len(once)


def test_a_request_elsewhere_is_not_mixed_up(house: House) -> None:
    """The same name of a key in two workspaces is two keys."""
    key = str(uuid4())
    answers = [send(house.office().alice, "/people", [{"external_id": "a"}], key) for _ in range(2)]
    assert [replayed(one) for one in answers] == [False, False]
