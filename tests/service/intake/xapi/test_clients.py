"""The unmodified tincan client delivers into a running server, and what it sent counts as training."""

from __future__ import annotations

from tests.service.intake.dialects.clients import run
from tests.service.intake.xapi.academy import COURSE, WHEN, Academy

TINCAN = """
import sys
from uuid import uuid4
from tincan import Activity, ActivityDefinition, Agent, AgentAccount, LanguageMap
from tincan import RemoteLRS, Result, Score, Statement, Verb

endpoint, key, when, course = sys.argv[1:5]

def done(response):
    assert response.success, response.data
    return response.content

def learner(number):
    return Agent(account=AgentAccount(name=f"p{number}", home_page="https://lms.example.org"))

def said(number, verb, **more):
    return Statement(
        actor=learner(number),
        verb=Verb(id=f"http://adlnet.gov/expapi/verbs/{verb}", display=LanguageMap({"en-US": verb})),
        object=Activity(id=course, definition=ActivityDefinition(name=LanguageMap({"en-US": "Basics"}))),
        timestamp=when,
        **more,
    )

for version in ("1.0.3", "1.0.1"):
    lrs = RemoteLRS(endpoint=endpoint, version=version, username="learning", password=key)
    assert "1.0.3" in done(lrs.about()).version
    first = said(1, "initialized", id=uuid4())
    done(lrs.save_statement(first))
    done(lrs.save_statement(first))
    made = done(lrs.save_statement(said(2, "completed")))
    assert made.id
    kept = done(lrs.save_statements([said(n, "passed", result=Result(score=Score(scaled=0.9))) for n in (3, 4)]))
    assert all(one.id for one in kept)
    again = done(lrs.retrieve_statement(str(first.id)))
    assert (again.id, again.verb.id, again.actor.account.name) == (first.id, first.verb.id, "p1")
    assert again.stored and again.authority
    found = done(lrs.query_statements({"agent": learner(3), "verb": Verb(id="http://adlnet.gov/expapi/verbs/passed")}))
    assert str(kept[0].id) in [str(one.id) for one in found.statements], found.to_json()
    page, seen = done(lrs.query_statements({"limit": 3, "ascending": True})), 0
    while True:
        seen += len(page.statements)
        if not page.more:
            break
        page = done(lrs.more_statements(page))
    assert seen == (4 if version == "1.0.3" else 8), seen
    changed = said(1, "failed", id=first.id)
    assert lrs.save_statement(changed).response.status == 409
wrong = RemoteLRS(endpoint=endpoint, version="1.0.3", username="learning", password="th_nonsense")
assert wrong.save_statement(said(1, "completed")).response.status == 401
"""


def test_its_statements_become_trainings_once_however_often_they_are_sent(academy: Academy) -> None:
    run(TINCAN, academy.endpoint, academy.key, WHEN, COURSE)
    academy.expect_trainings(times=2)
