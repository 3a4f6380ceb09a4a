from __future__ import annotations

import threading
from datetime import date, timedelta
from uuid import UUID

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import update

from events.tables import FOLLOWER
from events.types.reinforcement import ReminderDropped, ReminderRaised
from service.directory.announce import Announced
from service.worker.evaluate import Evaluated
from tests.notifiers.receivers import Post
from tests.service.conftest import Caller
from tests.service.worker.cast import DORA, LONG_AFTER, NOW, SELLERS, Organisation

WEEK = timedelta(days=7)


def drops(org: Organisation) -> list[tuple[str, str, UUID | None]]:
    return [(drop.rule, drop.reason, drop.recipient) for drop in org.told(ReminderDropped)]


def slack(server: HTTPServer, alice: Caller, name: str, **audience: str) -> None:
    server.expect_request(f"/{name}").respond_with_data("ok")
    channel = {"kind": "slack", "target": server.url_for(f"/{name}"), "audience": audience}
    assert alice.post("/channels", channel).status_code == 201


def got(server: HTTPServer) -> list[str]:
    return sorted(request.path for request, _ in server.log)


def test_who_never_used_the_tool_is_offered_help_by_mail_and_can_stop_it(copilot: Organisation, post: Post) -> None:
    copilot.everybody_but(DORA)
    assert copilot.evaluate() == Evaluated(raised=1)
    assert copilot.deliver().sent == 1
    (mail,) = post.mails()
    assert mail["To"] == "p12@example.org"
    assert mail["List-Unsubscribe"].startswith(f"<https://takehold.example/unsubscribe/{copilot.id}/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    (raised,) = copilot.told(ReminderRaised)
    assert (raised.rule, raised.subject, raised.recipient) == ("never_used", copilot.people[DORA], raised.subject)
    assert raised.facts == {"change": "Copilot", "role": "Sales"}


def test_a_nudge_goes_to_the_person_alone_whatever_channels_there_are(
    copilot: Organisation, alice: Caller, post: Post, httpserver: HTTPServer
) -> None:
    slack(httpserver, alice, "all")
    copilot.everybody_but(DORA)
    copilot.round()
    assert [envelope.rcpt_tos for envelope in post.envelopes] == [["p12@example.org"]]
    assert got(httpserver) == []


def test_a_role_below_its_plan_reaches_its_manager_and_the_channel_in_figures_of_the_group(
    copilot: Organisation, alice: Caller, post: Post, httpserver: HTTPServer
) -> None:
    slack(httpserver, alice, "all")
    copilot.one_of_twelve()
    assert copilot.evaluate() == Evaluated(raised=1)
    assert copilot.deliver().sent == 2
    (mail,) = post.mails()
    assert mail["To"] == "mara@example.org"
    assert "List-Unsubscribe" not in mail
    posted = httpserver.log[0][0].get_data(as_text=True)
    for said in (mail.get_body(("plain",)).get_content(), posted):
        assert "8% of the Sales group have adopted Copilot" in said
        assert "the week to 2026-05-03 was 27%" in said
        assert "https://takehold.example/?change=copilot" in said
        assert not any(f"p{n}" in said for n in range(1, 13))


def test_a_channel_carries_the_changes_and_roles_it_was_connected_for(
    org: Organisation, alice: Caller, httpserver: HTTPServer
) -> None:
    org.hire(*(Announced(f"s{n}") for n in range(1, 13)))
    org.launch("copilot", {"sales": SELLERS, "service": [f"s{n}" for n in range(1, 13)]})
    org.launch("other", {"sales": SELLERS})
    slack(httpserver, alice, "all")
    slack(httpserver, alice, "copilot", change="copilot")
    slack(httpserver, alice, "sales", change="copilot", role="sales")
    slack(httpserver, alice, "service", change="copilot", role="service")
    slack(httpserver, alice, "other", change="other")
    org.one_of_twelve()
    org.used([f"s{n}" for n in range(1, 13)])
    assert org.round()[1].sent == 4
    assert got(httpserver) == ["/all", "/copilot", "/sales"]


def test_a_reminder_is_raised_once_for_its_cause_however_often_one_looks(copilot: Organisation, post: Post) -> None:
    copilot.everybody_but(DORA)
    for hours in range(4):
        copilot.round(NOW + timedelta(hours=hours))
    copilot.round(NOW + 2 * WEEK)
    assert len(copilot.told(ReminderRaised)) == len(post.envelopes) == 1


def test_a_reminder_is_raised_once_by_many_who_look_at_once(copilot: Organisation) -> None:
    copilot.everybody_but(DORA)
    copilot.follow()
    together, done = threading.Barrier(4), []

    def look() -> None:
        together.wait()
        done.append(copilot.evaluate())

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 4
    assert copilot.evaluate() in (Evaluated(), Evaluated(raised=1))
    assert len(copilot.told(ReminderRaised)) == len(copilot.deliveries()) == 1


def test_who_opted_out_gets_nothing_which_is_recorded_once_until_they_want_it_again(
    copilot: Organisation, post: Post
) -> None:
    copilot.everybody_but(DORA)
    copilot.opt(DORA)
    assert copilot.evaluate() == Evaluated(dropped=1)
    assert copilot.evaluate(NOW + timedelta(hours=1)) == Evaluated()
    assert drops(copilot) == [("never_used", "opted_out", copilot.people[DORA])]
    copilot.opt(DORA, out=False)
    assert copilot.round(NOW + timedelta(hours=2))[1].sent == 1
    assert [mail["To"] for mail in post.mails()] == ["p12@example.org"]


def test_one_nudge_a_week_over_all_changes_and_the_other_comes_later(org: Organisation, post: Post) -> None:
    org.launch("copilot", {"sales": SELLERS})
    org.launch("other", {"sales": SELLERS})
    for app in ("copilot", "other"):
        org.used(SELLERS[:-1], app=app)
    assert org.evaluate() == Evaluated(raised=1, dropped=1)
    assert org.evaluate(NOW + WEEK - timedelta(hours=1)) == Evaluated()
    assert drops(org) == [("never_used", "cool_down", org.people[DORA])]
    org.deliver()
    assert org.round(NOW + WEEK)[1].sent == 1
    assert sorted(mail["Subject"] for mail in post.mails()) == ["A hand with Copilot?", "A hand with Other?"]


def test_an_alert_that_nobody_would_get_is_dropped_until_somebody_would(
    org: Organisation, alice: Caller, httpserver: HTTPServer
) -> None:
    org.launch("copilot", {"sales": SELLERS}, manager=None)
    org.one_of_twelve()
    assert org.evaluate() == Evaluated(dropped=1)
    assert org.evaluate() == Evaluated()
    assert drops(org) == [("below_plan", "nobody_to_tell", None)]
    slack(httpserver, alice, "all")
    assert org.round()[1].sent == 1
    assert got(httpserver) == ["/all"]
    (listed,) = alice.get("/changes/copilot/reminders").get_json()["reminders"]
    assert (listed["state"], listed["reason"]) == ("sent", None)


def test_a_drop_and_its_reason_are_listed(copilot: Organisation, alice: Caller, bob: Caller) -> None:
    copilot.everybody_but(DORA)
    copilot.opt(DORA)
    copilot.evaluate()
    (listed,) = alice.get("/changes/copilot/reminders").get_json()["reminders"]
    assert (listed["rule"], listed["state"], listed["reason"]) == ("never_used", "dropped", "opted_out")
    assert bob.get("/changes/copilot/reminders").get_json() == {"reminders": [], "personal": 1}


def test_a_closed_change_raises_nothing(copilot: Organisation) -> None:
    copilot.everybody_but(DORA)
    copilot.close_change()
    assert copilot.evaluate() == Evaluated()


@pytest.mark.parametrize("last", [None, date(2026, 4, 24)], ids=["nobody ever told", "silent for a week"])
def test_silence_nudges_nobody_and_alarms_nobody(copilot: Organisation, last: date | None) -> None:
    if last:
        copilot.used(SELLERS[:1], last=last)
    assert copilot.evaluate() == Evaluated()


def test_a_group_too_small_for_figures_raises_no_alert(org: Organisation) -> None:
    org.launch("copilot", {"sales": SELLERS[:9]})
    org.one_of_twelve()
    assert org.evaluate() == Evaluated()
    assert org.told(ReminderRaised) == org.told(ReminderDropped) == []


def test_nobody_is_nudged_on_yesterday_s_knowledge(copilot: Organisation) -> None:
    """A worker that starts after a night finds the night's use in the log and not yet in the activity sets."""
    copilot.everybody_but(DORA)
    copilot.follow()
    copilot.used([DORA], date(2026, 5, 4), date(2026, 5, 4))
    assert copilot.evaluate() == Evaluated()


def test_nothing_is_raised_while_read_models_are_behind(copilot: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else moves them at this moment; what they say of opt-outs and of earlier nudges may be outdated."""
    monkeypatch.setattr("service.worker.follow._PATIENCE_SECONDS", 0.0)
    copilot.everybody_but(DORA)
    copilot.follow()
    copilot.opt(DORA)
    with copilot.takehold.database.write("work", copilot.id) as connection:
        connection.execute(
            update(FOLLOWER)
            .where(FOLLOWER.c.workspace_id == copilot.id, FOLLOWER.c.name == "optouts")
            .values(stopped="by an event", position=1)
        )
    assert copilot.evaluate() == Evaluated()
    assert copilot.told(ReminderRaised) == []


def test_a_person_announced_after_the_first_use_is_known_to_have_used_it(org: Organisation) -> None:
    org.used([*SELLERS, "late"], last=LONG_AFTER)
    assert org.follow()
    org.hire(Announced("late", email="late@example.org"))
    org.launch("copilot", {"sales": [*SELLERS, "late"]})
    assert org.follow()
    assert org.evaluate() == Evaluated()
