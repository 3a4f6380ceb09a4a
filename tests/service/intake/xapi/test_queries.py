"""Statements are read again by those who stated them, as xAPI asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import uuid4

import pytest

from service.takehold import Takehold
from tests.service.intake.xapi.learning import ADL, COURSE, Lrs, Seen, by_account, by_mail, statement

REGISTRATION = str(uuid4())


@pytest.fixture
def said(lrs: Lrs) -> list[str]:
    """Ids of five statements, the oldest first."""
    some = [
        statement("initialized"),
        statement("completed", context={"registration": REGISTRATION}),
        statement("passed", by_mail("p2@example.org")),
        statement("experienced", object={"id": "https://lms.example.org/else"}),
        statement("completed", by_account("p3"), object=by_mail("p2@example.org")),
    ]
    for one in some:
        assert lrs.post(one).status_code == 200
    return [one["id"] for one in some]


def test_the_newest_come_first_unless_asked_otherwise(lrs: Lrs, said: list[str]) -> None:
    assert lrs.ids() == said[::-1]
    assert lrs.ids(ascending="true") == lrs.ids(ascending="True") == said


def test_statements_are_found_by_what_they_are_about(lrs: Lrs, said: list[str]) -> None:
    assert lrs.ids(agent=json.dumps(by_account("p1"))) == [said[3], said[1], said[0]]
    # Who is the object counts as well, and how the agent is spelt beside what identifies it does not.
    assert lrs.ids(agent=json.dumps({"mbox": "mailto:p2@example.org", "name": "Bob"})) == [said[4], said[2]]
    assert lrs.ids(verb=ADL + "completed") == [said[4], said[1]]
    assert lrs.ids(activity=COURSE, ascending="true") == said[:3]
    assert lrs.ids(registration=REGISTRATION) == [said[1]]
    assert lrs.ids(verb=ADL + "completed", activity=COURSE) == [said[1]]
    assert lrs.ids(verb="completed") == lrs.ids(agent=json.dumps(by_account("nobody"))) == []


def test_statements_are_found_by_when_they_were_stored(lrs: Lrs, said: list[str]) -> None:
    third = lrs.get(statementId=said[2]).get_json()["stored"]
    assert lrs.ids(since=third) == said[:2:-1]
    assert lrs.ids(until=third, ascending="true") == said[:3]


@pytest.mark.parametrize("ascending", ["true", "false"])
def test_a_long_list_comes_in_pages(lrs: Lrs, said: list[str], ascending: str) -> None:
    asked = {"limit": 2, "ascending": ascending, "since": "2020-01-01T00:00:00+01:00"}
    page = lrs.get(**asked).get_json()
    found, pages = [one["id"] for one in page["statements"]], 1
    while page["more"]:
        headers = {"X-Experience-API-Version": "1.0.3"}
        page = lrs.client.get(page["more"], headers=headers, auth=("any", lrs.key)).get_json()
        found += [one["id"] for one in page["statements"]]
        pages += 1
    assert found == (said if ascending == "true" else said[::-1])
    assert pages == 3


def test_ids_alone_can_be_asked_for(lrs: Lrs, said: list[str]) -> None:
    [told] = lrs.get(format="ids", registration=REGISTRATION).get_json()["statements"]
    assert told["verb"] == {"id": ADL + "completed"}
    assert told["object"] == {"id": COURSE}
    assert told["actor"] == by_account("p1")
    assert lrs.get(format="ids", statementId=said[0]).get_json()["verb"] == {"id": ADL + "initialized"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"limit": "many"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"since": "noon"}, "since"),
        ({"agent": "p1"}, "agent"),
        ({"agent": '{"name": "Ada"}'}, "agent"),
        ({"registration": "7"}, "registration"),
        ({"statementId": "7"}, "statementId"),
        ({"statementId": str(uuid4()), "limit": "1"}, "statementId"),
        ({"statementId": str(uuid4()), "voidedStatementId": str(uuid4())}, "statementId"),
        ({"format": "short"}, "format"),
        ({"related_agents": "true"}, "related_agents"),
        ({"attachments": "true"}, "attachments"),
        ({"ascending": "maybe"}, "ascending"),
    ],
)
def test_a_query_that_cannot_be_is_refused_with_the_parameter(lrs: Lrs, query: dict[str, str], field: str) -> None:
    answer = lrs.get(**query)
    assert answer.status_code == 400, answer.text
    assert [fault["field"] for fault in answer.get_json()["errors"]] == [field]


def test_what_is_not_there_is_404(lrs: Lrs) -> None:
    answer = lrs.get(statementId=str(uuid4()))
    assert (answer.status_code, answer.get_json()["code"]) == (404, "unknown_statement")
    assert lrs.get().get_json() == {"statements": [], "more": ""}


def test_an_app_reads_what_its_source_stated_and_an_administrator_everything(
    lrs: Lrs, said: list[str], system: Callable[..., Lrs]
) -> None:
    assert system("app", "academy").ids() == said[::-1]
    assert system("app", "elsewhere").ids() == []
    assert system("app", "elsewhere").get(statementId=said[0]).status_code == 404
    assert system("admin", "default").ids() == said[::-1]
    champion = system("champion", "academy")
    assert champion.ids() == []
    own = statement()
    champion.post(own)
    assert champion.ids() == [own["id"]]


def test_a_statement_whose_key_was_destroyed_is_gone_and_its_training_stays(
    lrs: Lrs, said: list[str], seen: Seen, takehold: Takehold
) -> None:
    mine = {row.body_key for row in seen.stored()[:2]}
    assert len(mine) == 1, "one key for all statements of an agent"
    takehold.vault.destroy("default", mine)
    assert lrs.ids() == [said[4], said[2]]
    assert lrs.get(statementId=said[0]).status_code == 404
    assert ("completed", None) in seen.steps()
    # What the same agent does later is told again, what was erased is not.
    later = statement("passed")
    assert lrs.post(later).status_code == 200
    assert lrs.ids() == [later["id"], said[4], said[2]]
