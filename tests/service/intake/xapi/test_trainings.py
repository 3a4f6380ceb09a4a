"""What statements say of trainings is recorded; what has no place is kept, told of, and can be read once more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.directory.people import find, provisional_count
from service.takehold import Takehold
from tests.service.conftest import Caller
from tests.service.intake.xapi.learning import (
    ADL,
    CMI5,
    COURSE,
    EXTENSIONS,
    NOON,
    Lrs,
    Seen,
    by_account,
    by_mail,
    statement,
    voiding,
)

BASICS = {"key": "basics", "name": "Basics"}


def person(takehold: Takehold, name: str, source: str = "default") -> Any:
    with takehold.database.read() as connection:
        return find(connection, takehold.vault, "default", [name], source)[name]


def strangers(takehold: Takehold) -> int:
    with takehold.database.read() as connection:
        return provisional_count(connection, "default")


@pytest.mark.parametrize(
    ("verb", "status"),
    [(f"{vocabulary}{status}", status) for vocabulary in (ADL, CMI5) for status in ("completed", "waived")]
    + [(ADL + status, status) for status in ("initialized", "passed", "failed", "registered", "unregistered")]
    + [(ADL + "attended", "attended"), (CMI5 + "abandoned", "abandoned"), (CMI5 + "satisfied", "satisfied")],
)
def test_each_verb_is_told_by_its_iri(lrs: Lrs, seen: Seen, verb: str, status: str) -> None:
    assert lrs.post(statement(verb, result={"score": {"scaled": 0.75, "raw": 75}})).status_code == 200
    assert seen.steps() == [(status, 0.75)]
    assert seen.held() == {}


def test_a_batch_of_steps_is_recorded_in_one_go_and_at_its_own_instants(lrs: Lrs, seen: Seen, alice: Caller) -> None:
    some = [statement("completed", by_account(f"p{n}"), timestamp=f"2026-03-0{n}T09:00:00Z") for n in (1, 2, 3)]
    assert lrs.post(*some).status_code == 200
    assert len(set(seen.people())) == 3
    told = [one for one in alice.get("/events", limit=1000).get_json()["events"] if one["type"] == "training.recorded"]
    assert [one["occurred_at"][:10] for one in told] == ["2026-03-01", "2026-03-02", "2026-03-03"]


@pytest.mark.parametrize(
    "id",
    [COURSE, f"{COURSE}/", "urn:course:basics", "https://lms.example.org/view?id=basics", "HTTPS://LMS.EXAMPLE/Basics"],
)
def test_the_course_is_the_one_whose_key_the_activity_ends_in(lrs: Lrs, seen: Seen, id: str) -> None:
    lrs.post(statement(object={"id": id}))
    assert seen.steps() == [("completed", None)]


@pytest.mark.parametrize("id", [f"{COURSE}/lesson-1", "https://lms.example.org/advanced-basics", f"{COURSE}?try=2"])
def test_part_of_a_course_or_another_one_is_not_taken_for_it(lrs: Lrs, seen: Seen, id: str) -> None:
    lrs.post(statement(object={"id": id}))
    assert seen.facts() == []
    assert seen.held() == {"object.id: ends in no course that a role asks for": 1}


def test_people_are_found_by_what_the_source_calls_them_and_else_become_provisional(
    lrs: Lrs, seen: Seen, takehold: Takehold, alice: Caller
) -> None:
    alice.post("/people", [{"external_id": "4711", "source": "academy", "name": "Person of the academy"}])
    lrs.post(*(statement(actor=by_account(name)) for name in ("4711", "p2", "nobody yet")))
    lrs.post(statement("passed", by_account("nobody yet")))
    known, second, stranger, again = seen.people()
    assert known == person(takehold, "4711", "academy")
    assert second == person(takehold, "p2")
    assert stranger == again == person(takehold, "nobody yet", "academy")
    assert strangers(takehold) == 1


def test_an_address_finds_its_person_only_where_the_source_is_trusted_with_addresses(
    lrs: Lrs, seen: Seen, takehold: Takehold, alice: Caller, system: Callable[..., Lrs]
) -> None:
    lrs.post(statement(actor=by_mail("P3@example.org")))
    assert seen.people() != [person(takehold, "p3")]
    assert strangers(takehold) == 1
    assert alice.put("/sources/hr-academy", {"emails_verified": True}).status_code == 204
    system("app", "hr-academy").post(statement("passed", by_mail("P3@example.org")))
    assert seen.people()[1] == person(takehold, "p3")
    assert strangers(takehold) == 1


@pytest.mark.parametrize(
    "actor", [{"mbox_sha1sum": "a" * 40}, {"openid": "https://id.example.org/ada"}], ids=["a sum", "an OpenID"]
)
def test_other_ways_to_name_somebody_make_somebody_provisional(
    lrs: Lrs, seen: Seen, takehold: Takehold, actor: dict[str, Any]
) -> None:
    lrs.post(statement(actor=actor))
    assert seen.people() == [person(takehold, next(iter(actor.values())), "academy")]
    assert strangers(takehold) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"verb": {"id": ADL + "experienced"}}, "verb.id: not a step of a training"),
        ({"verb": {"id": "https://a.example/completed"}}, "verb.id: not a step of a training"),
        ({"actor": {"objectType": "Group", "member": [by_mail("a@b.c")]}}, "actor: a group, not a person"),
        ({"object": by_mail("a@b.c")}, "object: not an activity"),
        ({"timestamp": "1999-12-31T23:59:59Z"}, "timestamp: before the year 2000"),
        ({"timestamp": (NOON + timedelta(days=3)).isoformat()}, "too_far_ahead"),
        ({"actor": by_account("x" * 257)}, "actor.account: longer than 256 characters"),
        (
            {
                "verb": {"id": ADL + "passed"},
                "result": {"score": {"scaled": 0.5}},
                "context": {"extensions": {EXTENSIONS + "masteryscore": 0.8}},
            },
            "result.score.scaled: passed below the mastery score",
        ),
    ],
)
def test_what_has_no_place_is_stored_all_the_same_and_told_of_once(
    lrs: Lrs, seen: Seen, alice: Caller, change: dict[str, Any], reason: str
) -> None:
    said = {**statement(), **change}
    for _ in range(2):
        assert lrs.post(said).status_code == 200
        assert lrs.put(said).status_code == 204
    assert lrs.get(statementId=said["id"]).status_code == 200
    assert seen.facts() == []
    [held] = alice.get("/data-quality").get_json()["quarantine"]
    assert (held["dialect"], held["source"], held["reason"], held["number"]) == ("xapi", "academy", reason, 1)


@pytest.mark.parametrize(
    "context",
    [
        {"extensions": {EXTENSIONS + "launchmode": "Browse"}},
        {"extensions": {EXTENSIONS + "launchmode": "Review"}},
        {"contextActivities": {"category": [{"id": "https://lms.example.org/modes/review"}]}},
        {"contextActivities": {"category": {"id": "https://lms.example.org/modes/browse"}}},
    ],
)
def test_looking_at_a_course_never_counts(lrs: Lrs, seen: Seen, context: dict[str, Any]) -> None:
    assert lrs.post(statement(context=context)).status_code == 200
    assert len(seen.stored()) == 1
    assert seen.facts() == []
    assert seen.held() == {}


def test_nothing_counts_in_a_session_that_was_launched_for_a_look(lrs: Lrs, seen: Seen) -> None:
    def of(session: str, **more: str) -> dict[str, Any]:
        named = {"sessionid": session, **more}
        return {"extensions": {EXTENSIONS + name: value for name, value in named.items()}}

    lrs.post(statement("launched", context=of("a", launchmode="Browse")))
    lrs.post(statement("launched", context=of("b", launchmode="Normal")))
    lrs.post(statement("completed", context=of("a")), statement("passed", context=of("b")))
    assert seen.steps() == [("passed", None)]


def test_what_is_voided_counts_no_longer_and_is_shown_as_void_only(lrs: Lrs, seen: Seen) -> None:
    said, other = statement(), statement("passed", by_account("p2"))
    lrs.post(said, other)
    taken_back = voiding(said)
    assert lrs.post(taken_back).status_code == 200
    assert lrs.post(taken_back).status_code == 200
    assert seen.facts() == ["training.recorded", "training.recorded", "fact.withdrawn"]
    assert seen.steps() == [("passed", None)]
    assert lrs.get(statementId=said["id"]).status_code == 404
    assert lrs.get(voidedStatementId=said["id"]).get_json()["id"] == said["id"]
    assert lrs.get(voidedStatementId=other["id"]).status_code == 404
    assert lrs.ids() == [taken_back["id"], other["id"]]
    # The id stays taken, and what it said is not told again.
    assert lrs.post(said).status_code == 200
    assert seen.steps() == [("passed", None)]


def test_a_statement_that_comes_after_the_one_that_voids_it_never_counts(lrs: Lrs, seen: Seen) -> None:
    early, together = statement(), statement("passed")
    lrs.post(voiding(early))
    lrs.post(early)
    lrs.post(voiding(together), together)
    assert seen.facts() == []
    assert [row.voided for row in seen.stored()] == [False, True, False, True]


def test_voiding_takes_a_statement_out_of_quarantine(lrs: Lrs, seen: Seen) -> None:
    said = statement("experienced")
    lrs.post(said)
    assert seen.held() != {}
    lrs.post(voiding(said))
    assert seen.held() == {}


def test_what_voids_cannot_be_voided(lrs: Lrs, seen: Seen) -> None:
    said = statement()
    taken_back = voiding(said)
    lrs.post(said, taken_back)
    assert lrs.post(voiding(taken_back)).status_code == 200
    assert [row.voided for row in seen.stored()] == [True, False, False]


def test_only_its_own_source_or_an_administrator_takes_a_statement_back(
    lrs: Lrs, seen: Seen, system: Callable[..., Lrs]
) -> None:
    said = statement()
    lrs.post(said)
    answer = system("app", "elsewhere").post(statement("passed"), voiding(said))
    assert (answer.status_code, answer.get_json()["code"]) == (403, "forbidden")
    assert len(seen.stored()) == 1
    assert seen.steps() == [("completed", None)]
    assert system("admin", "default").post(voiding(said)).status_code == 200
    assert seen.steps() == []


def test_once_a_role_asks_for_the_course_its_statements_are_read_again(
    lrs: Lrs, seen: Seen, alice: Caller, takehold: Takehold
) -> None:
    late = {"object": {"id": "https://lms.example.org/courses/advanced"}}
    without_time = statement("passed", by_account("p2"), **late)
    del without_time["timestamp"]
    lrs.post(statement("completed", **late), without_time, statement("experienced"))
    replayed = alice.post("/quarantine/replay", {}).get_json()
    assert replayed == {"mapped": 0, "stored": 0, "left": 3}
    role = {"key": "experts", "name": "Experts", "courses": ["advanced"]}
    assert alice.post("/changes/copilot/roles", role).status_code == 201
    assert alice.post("/quarantine/replay", {}).get_json() == {"mapped": 2, "stored": 2, "left": 1}
    assert sorted(seen.steps("advanced")) == [("completed", None), ("passed", None)]
    assert seen.held() == {"verb.id: not a step of a training": 1}
    assert alice.post("/quarantine/replay", {}).get_json() == {"mapped": 0, "stored": 0, "left": 1}
    stored = next(row.stored_at for row in seen.stored() if str(row.statement_id) == without_time["id"])
    told = [one for one in alice.get("/events", limit=1000).get_json()["events"] if one["type"] == "training.recorded"]
    assert stored in [datetime.fromisoformat(one["occurred_at"]) for one in told]


def test_a_training_of_that_id_from_another_way_in_is_told_of(
    lrs: Lrs, seen: Seen, caller: Callable[..., Caller]
) -> None:
    said = statement()
    step = {"id": said["id"], "person": "p1", "course": "basics", "status": "failed", "occurred_at": NOON.isoformat()}
    assert caller("app", source="academy").post("/trainings", {"events": [step]}).get_json()["stored"] == 1
    assert lrs.post(said).status_code == 200
    assert seen.steps() == [("failed", None)]
    assert seen.held() == {"id: another training has it": 1}
    lrs.post(voiding(said))
    assert seen.steps() == [("failed", None)]
    assert seen.held() == {}
