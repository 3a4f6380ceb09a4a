"""The statements resource answers as xAPI asks, and what was acknowledged is durable."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import BytesIO
from uuid import UUID, uuid4

import pytest

from events.connect import open_database
from service.access import ACCESS, ROLES
from service.api.items import MAX_ITEMS
from service.takehold import Takehold
from tests.service.api.corpus import POISON, Poison
from tests.service.intake.xapi.learning import COURSE, Lrs, Seen, by_account, statement

# A list of statements is as good as one.
POISONS = [poison for poison in POISON if poison.name != "array and object swapped"]
THROUGH = "X-Experience-API-Consistent-Through"


def test_about_says_the_versions_without_a_key(lrs: Lrs) -> None:
    answer = lrs.client.get("/xapi/about")
    assert answer.get_json() == {"version": ["1.0.3", "1.0.2", "1.0.1", "1.0.0"], "extensions": {}}
    second = lrs.client.get("/xapi/about", headers={"X-Experience-API-Version": "2.0.0"})
    assert "2.0.0" in second.get_json()["version"]


def test_a_statement_that_was_posted_can_be_read_again_with_what_the_store_adds(lrs: Lrs) -> None:
    said = statement()
    answer = lrs.call("POST", said)
    assert (answer.status_code, answer.get_json()) == (200, [said["id"]])
    assert answer.headers["X-Experience-API-Version"] == "1.0.3"
    told = lrs.get(statementId=said["id"]).get_json()
    assert {name: told[name] for name in said} == said
    assert told["stored"].endswith("Z")
    assert told["version"] == "1.0.0"
    assert told["authority"]["account"]["name"].startswith("key:")
    assert datetime.fromisoformat(answer.headers[THROUGH]) >= datetime.fromisoformat(told["stored"])


def test_a_batch_is_answered_with_its_ids_in_order_and_ids_are_made_where_there_are_none(lrs: Lrs) -> None:
    some = [statement(), statement("passed"), statement("failed")]
    del some[1]["id"], some[1]["timestamp"]
    ids = lrs.post(*some).get_json()
    assert [ids[0], ids[2]] == [some[0]["id"], some[2]["id"]]
    made = lrs.get(statementId=ids[1]).get_json()
    assert UUID(made["id"]) == UUID(ids[1])
    assert made["timestamp"] == made["stored"]


def test_put_stores_under_the_id_of_the_address_and_refuses_another(lrs: Lrs, seen: Seen) -> None:
    said = statement()
    assert lrs.put(said).status_code == 204
    assert lrs.get(statementId=said["id"]).status_code == 200
    bare = {name: value for name, value in statement().items() if name != "id"}
    assert lrs.put(bare, str(uuid4())).status_code == 204
    for answer in (
        lrs.call("PUT", statement()),
        lrs.put(statement(), "7"),
        lrs.put(statement(), str(uuid4())),
        lrs.call("PUT", [statement()], query_string={"statementId": str(uuid4())}),
    ):
        assert answer.status_code == 400, answer.text
    assert len(seen.stored()) == 2


def test_the_same_statement_again_stores_nothing(lrs: Lrs, seen: Seen) -> None:
    said = statement()
    for _ in range(2):
        assert lrs.post(said).status_code == 200
        assert lrs.put(said).status_code == 204
    # What the store itself gives makes no other statement of it.
    assert lrs.post({**said, "version": "1.0.0", "stored": said["timestamp"]}).status_code == 200
    assert lrs.post(lrs.get(statementId=said["id"]).get_json()).status_code == 200
    assert len(seen.stored()) == 1
    assert seen.facts() == ["training.recorded"]


def test_another_statement_of_the_same_id_is_a_conflict_and_nothing_of_its_batch_is_stored(
    lrs: Lrs, seen: Seen, system: Callable[..., Lrs]
) -> None:
    said = statement()
    lrs.post(said)
    other = {**said, "verb": {"id": "http://adlnet.gov/expapi/verbs/failed"}}
    for answer in (lrs.put(other), lrs.post(other), lrs.post(statement(), other), system("app", "other").post(other)):
        assert (answer.status_code, answer.get_json()["code"]) == (409, "statement_taken")
    assert answer.get_json()["errors"][0]["field"] == "id"
    assert len(seen.stored()) == 1
    assert seen.steps() == [("completed", None)]


def test_of_a_batch_that_is_half_bad_nothing_is_stored_and_the_field_is_named(lrs: Lrs, seen: Seen) -> None:
    answer = lrs.post(statement(), {**statement(), "actor": {"name": "Ada"}})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_statement")
    assert [fault["field"] for fault in answer.get_json()["errors"]] == ["1.actor"]
    twice = statement()
    assert lrs.post(twice, twice).status_code == 400
    assert seen.stored() == []
    assert seen.facts() == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"actor": {"mbox": "ada@example.org"}}, "actor.mbox"),
        ({"actor": {"mbox": "mailto:a@b.c", "openid": "https://a.example"}}, "actor"),
        ({"actor": {"objectType": "Robot", "mbox": "mailto:a@b.c"}}, "actor.objectType"),
        ({"actor": {"objectType": "Group"}}, "actor"),
        ({"verb": {"id": "completed"}}, "verb.id"),
        ({"verb": {}}, "verb.id"),
        ({"verb": {"id": "http://adlnet.gov/expapi/verbs/voided"}}, ""),
        ({"object": {"definition": {}}}, "object.id"),
        ({"object": {"id": COURSE, "definition": {"colour": "red"}}}, "object.definition.colour"),
        ({"result": {"score": {"scaled": 1.5}}}, "result.score.scaled"),
        ({"result": {"success": None}}, "result.success"),
        ({"result": {"duration": "an hour"}}, "result.duration"),
        ({"context": {"registration": "7"}}, "context.registration"),
        ({"context": {"extensions": {"no iri": 1}}}, "context.extensions"),
        ({"timestamp": "noon"}, "timestamp"),
        ({"id": "7"}, "id"),
        ({"version": "0.9"}, "version"),
        ({"colour": "red"}, "colour"),
        ({"attachments": [{"usageType": "http://a.example"}]}, "attachments.0.display"),
    ],
)
def test_what_is_no_statement_is_refused_with_the_field_and_never_repeated(
    lrs: Lrs, seen: Seen, change: dict[str, object], field: str
) -> None:
    answer = lrs.call("POST", {**statement(), **change})
    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (400, "invalid_statement"), problem
    assert [fault["field"] for fault in problem["errors"]] == [field]
    assert "Robot" not in answer.text
    assert "ada@" not in answer.text
    assert seen.stored() == []


@pytest.mark.parametrize("version", ["1.0", "1.0.0", "1.0.1", "1.0.2", "1.0.3", "2.0.0"])
def test_versions_that_are_spoken(lrs: Lrs, version: str) -> None:
    answer = lrs.call("POST", statement(), version=version)
    assert answer.status_code == 200
    assert answer.headers["X-Experience-API-Version"] == ("2.0.0" if version == "2.0.0" else "1.0.3")


@pytest.mark.parametrize("version", [None, "0.95", "1.1.0", "2.0.1", "x"])
def test_other_versions_are_refused(lrs: Lrs, seen: Seen, version: str | None) -> None:
    for method in ("GET", "POST", "PUT"):
        answer = lrs.call(method, statement(), version=version)
        assert (answer.status_code, answer.get_json()["code"]) == (400, "unsupported_version")
    assert seen.stored() == []


def test_the_key_is_taken_as_password_as_user_name_and_as_a_token(lrs: Lrs) -> None:
    for auth in (("anybody", lrs.key), (lrs.key, ""), (lrs.key, "anything")):
        assert lrs.call("POST", statement(), auth=auth).status_code == 200
    bearer = {"Authorization": f"Bearer {lrs.key}"}
    assert lrs.call("POST", statement(), auth=None, headers=bearer).status_code == 200


def test_without_a_key_that_may_nothing_is_stored(lrs: Lrs, seen: Seen, system: Callable[..., Lrs]) -> None:
    for auth in (None, ("", ""), ("a", "b"), ("th_nonsense", "")):
        answer = lrs.call("POST", statement(), auth=auth)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")
        assert answer.headers["X-Experience-API-Version"] == "1.0.3"
    assert system("viewer").post(statement()).status_code == 403
    assert seen.stored() == []


@pytest.mark.parametrize("role", ROLES)
def test_roles_that_may_write_trainings_may_speak_xapi_and_no_others(system: Callable[..., Lrs], role: str) -> None:
    who, may = system(role), role in ACCESS["trainings:write"]
    assert who.call("POST", []).status_code == (200 if may else 403)
    assert who.get().status_code == (200 if may else 403)
    assert who.put(statement()).status_code == (204 if may else 403)


def test_attachments_are_refused_in_words(lrs: Lrs, seen: Seen) -> None:
    kind = {"Content-Type": "multipart/mixed; boundary=x"}
    answer = lrs.call("POST", headers=kind, data=b"--x\r\n\r\n{}\r\n--x--")
    assert (answer.status_code, answer.get_json()["code"]) == (415, "unsupported_media_type")
    assert "fileUrl" in answer.get_json()["message"]
    assert seen.stored() == []


@pytest.mark.parametrize("poison", POISONS, ids=[poison.name for poison in POISONS])
def test_a_poisoned_body_is_one_clear_problem(lrs: Lrs, seen: Seen, poison: Poison) -> None:
    for method, query in (("POST", {}), ("PUT", {"statementId": str(uuid4())})):
        headers = dict(poison.headers)
        answer = lrs.call(method, headers=headers, query_string=query, data=poison.body(statement()))
        # xAPI has no 422.
        wanted = (400, "invalid_statement") if poison.status == 422 else (poison.status, poison.code)
        assert (answer.status_code, answer.get_json()["code"]) == wanted
    assert seen.stored() == []


def test_gzip_is_read_however_it_is_labelled(lrs: Lrs, seen: Seen) -> None:
    for labels in ({}, {"Content-Encoding": "gzip"}):
        said = statement()
        packed = gzip.compress(lrs.client.application.json.dumps(said).encode())
        answer = lrs.call("POST", headers={"Content-Type": "application/json", **labels}, data=packed)
        assert answer.get_json() == [said["id"]]
    assert len(seen.stored()) == 2


def test_a_body_in_chunks_is_read_to_its_end(lrs: Lrs, seen: Seen) -> None:
    body = lrs.client.application.json.dumps(statement()).encode()
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    for sent, status in ((body, 200), (body + b" " * 2**21, 413)):
        whole = {"wsgi.input": BytesIO(sent), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
        assert lrs.call("POST", headers=headers, environ_overrides=whole).status_code == status
    assert len(seen.stored()) == 1


def test_too_much_at_once_is_refused(lrs: Lrs, seen: Seen) -> None:
    answer = lrs.post(*[{}] * (MAX_ITEMS + 1))
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too_many_statements")
    large = statement(context={"extensions": {"https://a.example/x": "x" * 2**20}})
    assert lrs.post(large).status_code == 413
    assert seen.stored() == []


def test_a_busy_store_asks_to_come_back(lrs: Lrs, seen: Seen, takehold: Takehold) -> None:
    lrs.post(statement())
    patient, takehold.database = takehold.database, open_database(takehold.database.url, lock_seconds=0.1)
    try:
        with patient.write("events", "default"):
            answer = lrs.post(statement())
    finally:
        takehold.database.close()
        takehold.database = patient
    assert (answer.status_code, answer.get_json()["code"]) == (503, "busy")
    assert len(seen.stored()) == 1


def test_the_same_statements_at_the_same_moment_are_stored_once(lrs: Lrs, seen: Seen) -> None:
    some = [statement("completed", by_account(f"stranger {number}")) for number in range(5)]
    again = [Lrs(lrs.client.application.test_client(), lrs.key) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda one: one.post(*some), again))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert [row.number for row in seen.stored()] == [1, 2, 3, 4, 5]
    assert seen.facts() == ["training.recorded"] * 5


def test_nothing_of_a_person_stands_in_the_clear(lrs: Lrs, seen: Seen) -> None:
    lrs.post(statement("completed", by_account("ada-lovelace"), object={"id": f"{COURSE}?of=ada-lovelace"}))
    [row] = seen.stored()
    assert "ada" not in str(row)
    assert lrs.ids(activity=f"{COURSE}?of=ada-lovelace") != []


def test_pages_of_other_origins_may_post(lrs: Lrs) -> None:
    asked = {"Origin": "https://lms.example.org", "Access-Control-Request-Method": "PUT"}
    answer = lrs.client.options("/xapi/statements", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "x-experience-api-version" in answer.headers["Access-Control-Allow-Headers"]
