from __future__ import annotations

from datetime import timedelta

import pytest

from events.types.reinforcement import ReminderDropped
from service.links import unsubscribe_url, unsubscribing
from service.worker.deliver import Delivered
from service.worker.evaluate import Evaluated
from tests.notifiers.receivers import Post
from tests.service.worker.cast import DORA, NOW, SELLERS, Organisation


def token_of(org: Organisation, person: str = DORA, workspace_id: str | None = None) -> str:
    return unsubscribe_url(org.takehold, workspace_id or org.id, org.people[person]).rpartition("/")[2]


def test_a_link_leads_to_the_public_address_and_names_its_person(org: Organisation) -> None:
    url = unsubscribe_url(org.takehold, org.id, org.people[DORA])
    assert url.startswith(f"https://takehold.example/unsubscribe/{org.id}/")
    assert unsubscribing(org.takehold, org.id, token_of(org)) == org.people[DORA]
    assert str(org.people["p1"]) not in token_of(org)


def test_a_link_of_one_workspace_opens_nothing_in_another(org: Organisation) -> None:
    assert unsubscribing(org.takehold, "elsewhere", token_of(org)) is None
    assert unsubscribing(org.takehold, org.id, token_of(org, workspace_id="elsewhere")) is None


def test_a_link_cannot_be_made_over_to_somebody_else(org: Organisation) -> None:
    mine, theirs = token_of(org).split("."), token_of(org, "p1").split(".")
    assert unsubscribing(org.takehold, org.id, f"{theirs[0]}.{mine[1]}") is None


@pytest.mark.parametrize("forged", ["", ".", "x", "a.b", "ü.ü", "\ud800", "." * 4000, "IjAwIg." + "A" * 27])
def test_what_was_not_signed_here_is_refused(org: Organisation, forged: str) -> None:
    assert unsubscribing(org.takehold, org.id, forged) is None


def test_the_link_in_a_mail_stops_the_nudges(org: Organisation, post: Post) -> None:
    """The bare POST of RFC 8058, as a mailbox provider sends it."""
    for change in ("copilot", "other"):
        org.launch(change, {"sales": SELLERS})
        org.used(SELLERS[:-1], app=change)
    assert org.round()[1] == Delivered(sent=1)
    (mail,) = post.mails()
    path = str(mail["List-Unsubscribe"]).strip("<>").removeprefix("https://takehold.example")
    answered = org.caller("viewer").client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answered.status_code == 200
    assert org.round(NOW + timedelta(days=8)) == (Evaluated(dropped=1), Delivered())
    assert [drop.reason for drop in org.told(ReminderDropped)] == ["cool_down", "opted_out"]
