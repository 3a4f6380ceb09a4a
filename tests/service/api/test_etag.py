"""Nobody overwrites a version they have not seen, and nobody reads again what they have."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.service.api.corpus import CHANGE, ROLE
from tests.service.api.office import Office
from tests.service.conftest import Caller

WRITES = [("PATCH", "/changes/copilot", {"phase": "pilot"}), ("POST", "/changes/copilot/roles", ROLE)]


@pytest.fixture
def launched(office: Office) -> Office:
    office.launch()
    return office


def ask(office: Office, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
    more = {} if body is None else {"json": body}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return office.alice._call(method, path, headers=named, **more)


def tag(office: Office) -> str:
    return ask(office, "GET", "/changes/copilot").headers["ETag"]


def test_every_answer_that_shows_a_change_is_tagged_with_its_version(office: Office) -> None:
    tags = [ask(office, "POST", "/changes", CHANGE).headers["ETag"]]
    path = "/changes/fresh"
    tags.append(ask(office, "GET", path).headers["ETag"])
    tags.append(ask(office, "PATCH", path, {"name": "Other"}).headers["ETag"])
    tags.append(ask(office, "GET", path).headers["ETag"])
    assert tags[0] == tags[1] != tags[2] == tags[3]
    assert ask(office, "PATCH", path, {"name": "Other"}).headers["ETag"] == tags[3], "nothing was altered"
    ask(office, "POST", f"{path}/roles", ROLE)
    assert ask(office, "GET", path).headers["ETag"] not in tags, "its roles are part of it"


def test_who_has_the_version_is_not_sent_it_again(launched: Office) -> None:
    seen = tag(launched)
    for known in (seen, f"W/{seen}", f'"other", {seen}', "*"):
        answer = ask(launched, "GET", "/changes/copilot", If_None_Match=known)
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", seen), known
    assert ask(launched, "GET", "/changes/copilot", If_None_Match='"other"').status_code == 200
    ask(launched, "PATCH", "/changes/copilot", {"phase": "pilot"})
    answer = ask(launched, "GET", "/changes/copilot", If_None_Match=seen)
    assert (answer.status_code, answer.get_json()["phase"]) == (200, "pilot")


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_a_write_to_the_version_that_was_seen_is_carried_out(
    launched: Office, method: str, path: str, body: Any
) -> None:
    answer = ask(launched, method, path, body, If_Match=f'"other", {tag(launched)}')
    assert answer.status_code in (200, 201)


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_any_version_will_do_for_a_star_as_long_as_there_is_one(
    launched: Office, method: str, path: str, body: Any
) -> None:
    assert ask(launched, method, path, body, If_Match="*").status_code in (200, 201)
    nothing = ask(launched, method, path.replace("copilot", "nothing"), body, If_Match="*")
    assert nothing.get_json()["code"] == "unknown_change"


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_a_write_to_any_other_version_is_refused(launched: Office, method: str, path: str, body: Any) -> None:
    seen = tag(launched)
    ask(launched, "PATCH", "/changes/copilot", {"name": "Other"})
    before = launched.stored()
    for wrong in (seen, f"W/{tag(launched)}", '"0"', '""', "", '"1\u00b2"'):
        answer = ask(launched, method, path, body, If_Match=wrong)
        assert (answer.status_code, answer.get_json()["code"]) == (412, "changed_meanwhile"), wrong
    assert launched.stored() == before


def test_of_two_who_saw_the_same_version_one_succeeds(launched: Office) -> None:
    together, seen = Barrier(2), tag(launched)

    def amend(name: str) -> int:
        together.wait(20)
        caller = Caller(launched.house.app.test_client(), launched.alice.key)
        return caller._call("PATCH", "/changes/copilot", json={"name": name}, headers={"If-Match": seen}).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(amend, ["One", "Two"])) == [200, 412]


def test_a_repeat_is_answered_though_its_own_first_time_changed_the_version(launched: Office) -> None:
    headers = {"If_Match": tag(launched), "Idempotency_Key": "k"}
    answers = [ask(launched, "POST", "/changes/copilot/roles", ROLE, **headers) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    changes = [ask(launched, "POST", "/changes", CHANGE, Idempotency_Key="k") for _ in range(2)]
    assert changes[0].headers["ETag"] == changes[1].headers["ETag"]
