from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import select, update

from adkar.reinforcement.reminder import Reminder
from events.sealed import Sealed
from events.types.reinforcement import DeliveryFailed, DeliverySent
from service.directory.announce import Announced
from service.takehold import Takehold
from service.worker.deliver import Delivered, deliver, wait
from service.worker.outbox import claim
from service.worker.raising import Raising
from service.worker.tables import DELIVERY, MAILBOX
from tests.notifiers.receivers import Post
from tests.service.conftest import Caller
from tests.service.worker.cast import DORA, NOW, PATIENCE, SELLERS, Organisation, listed, retry_of


@pytest.fixture
def nudged(copilot: Organisation) -> Organisation:
    """A nudge to dora is due."""
    copilot.everybody_but(DORA)
    assert copilot.evaluate().raised == 1
    return copilot


def test_a_success_is_an_event_and_is_listed(nudged: Organisation, alice: Caller) -> None:
    assert nudged.deliver() == Delivered(sent=1)
    (row,) = nudged.deliveries("sent")
    (sent,) = nudged.told(DeliverySent)
    assert (sent.delivery, sent.reminder) == (row.delivery_id, row.reminder_id)
    assert (sent.channel, sent.kind, sent.attempt) == (None, "mail", 1)
    (one,) = alice.get("/changes/copilot/reminders").get_json()["reminders"]
    assert (one["state"], one["reason"], one["sent_at"][:10]) == ("sent", None, "2026-05-05")
    assert nudged.deliver(NOW + timedelta(days=1)) == Delivered()


def test_a_temporary_failure_is_tried_again_and_both_are_events(
    nudged: Organisation, alice: Caller, post: Post
) -> None:
    post.to_data = "451 4.7.1 <p12@example.org> greylisted"
    assert nudged.deliver() == Delivered(retried=1)
    assert listed(alice) == [("raised", "smtp_451")]
    (failed,) = nudged.told(DeliveryFailed)
    assert (failed.reason, failed.attempt, failed.kind) == ("smtp_451", 1, "mail")
    post.to_data = None
    assert nudged.deliver(retry_of(failed) - timedelta(seconds=1)) == Delivered()
    assert nudged.deliver(retry_of(failed)) == Delivered(sent=1)
    assert listed(alice) == [("sent", None)]
    assert nudged.told(DeliverySent)[0].attempt == 2


def test_attempts_come_ever_later_and_come_to_an_end(nudged: Organisation, alice: Caller, post: Post) -> None:
    post.to_data = "451 later"
    instant = NOW
    for attempt in range(1, 8):
        assert nudged.deliver(instant) == Delivered(retried=1)
        waited = (retry_of(nudged.told(DeliveryFailed)[-1]) - instant).total_seconds()
        longest = 30 * 2 ** (attempt - 1)
        # Recorded after the send, which took a moment.
        assert longest / 2 <= waited <= longest + PATIENCE
        instant = retry_of(nudged.told(DeliveryFailed)[-1])
    assert nudged.deliver(instant) == Delivered(failed=1)
    assert nudged.deliver(instant + timedelta(hours=2)) == Delivered()
    assert [failed.attempt for failed in nudged.told(DeliveryFailed)] == [*range(1, 9)]
    assert nudged.told(DeliveryFailed)[-1].retry is None
    assert listed(alice) == [("failed", "smtp_451")]


def test_waits_are_spread_so_that_what_failed_together_does_not_come_back_together() -> None:
    waits = [wait(4, None) for _ in range(200)]
    assert min(waits) >= 120
    assert max(waits) <= 240
    assert len({round(one) for one in waits}) > 50
    assert wait(40, None) <= 3600


def test_a_permanent_failure_is_given_up_at_once_and_tells_no_address(
    nudged: Organisation, alice: Caller, post: Post
) -> None:
    post.to_recipient = "550 5.1.1 <p12@example.org>: no such mailbox"
    assert nudged.deliver() == Delivered(failed=1)
    (failed,) = nudged.told(DeliveryFailed)
    assert (failed.reason, failed.retry) == ("smtp_550", None)
    assert listed(alice) == [("failed", "smtp_550")]
    assert "example.org" not in alice.get("/events", limit=1000).get_data(as_text=True)


def test_a_person_without_an_address_is_a_failure_that_says_so(org: Organisation, alice: Caller, post: Post) -> None:
    org.hire(Announced("eve"))
    org.launch("copilot", {"sales": [*SELLERS, "eve"]})
    org.used(SELLERS)
    assert org.round()[1] == Delivered(failed=1)
    assert listed(alice) == [("failed", "no_address")]
    assert post.envelopes == []


def test_one_message_that_cannot_be_built_does_not_stop_the_rest(copilot: Organisation, post: Post) -> None:
    copilot.alerts(1, rule="a rule of a newer program")
    copilot.alerts(2)
    assert copilot.deliver() == Delivered(sent=2, retried=1)
    assert [failed.reason for failed in copilot.told(DeliveryFailed)] == ["internal"]
    assert len(post.envelopes) == 2


def test_a_message_that_nobody_survives_is_given_up_as_well(nudged: Organisation, alice: Caller, post: Post) -> None:
    for _ in range(8):
        assert claim(nudged.takehold.database, nudged.id, NOW)
        nudged.claims_run_out()
    assert nudged.deliver() == Delivered(failed=1)
    assert listed(alice) == [("failed", "abandoned")]
    assert post.envelopes == []


def test_without_a_mail_server_messages_land_in_the_mailbox_sealed(nudged: Organisation, post: Post) -> None:
    without = Takehold(nudged.takehold.settings.model_copy(update={"smtp_host": None}))
    assert deliver(without, nudged.workspace, NOW) == Delivered(sent=1)
    # Kept by one who died before it was recorded, and so kept again.
    with without.database.write("work", nudged.id) as connection:
        connection.execute(update(DELIVERY).where(DELIVERY.c.workspace_id == nudged.id).values(state="due"))
    assert deliver(without, nudged.workspace, NOW) == Delivered(sent=1)
    with without.database.read() as connection:
        (row,) = connection.execute(select(MAILBOX).where(MAILBOX.c.workspace_id == nudged.id)).all()
    kept = msgspec.json.decode(without.vault.open(nudged.id, Sealed(row.key_id, row.box)))
    without.close()
    assert (kept["to"], kept["subject"]) == ("p12@example.org", "A hand with Copilot?")
    assert "Copilot" not in row.box
    assert "p12" not in row.box
    assert row.key_id == nudged.people[DORA]
    assert [sent.kind for sent in nudged.told(DeliverySent)] == ["mailbox"] * 2
    assert post.envelopes == []


def test_what_others_see_of_reminders_is_not_pushed_off_the_list_by_nudges(copilot: Organisation, bob: Caller) -> None:
    copilot.alerts(1)
    with copilot.unit(NOW + timedelta(hours=1)) as unit:
        raising = Raising(unit, {}, set(), {})
        for n in range(501):
            person = uuid4()
            nudge = Reminder(
                "never_used", copilot.change().id, copilot.role().id, person, "person", person, f"never_used:{n}", {}
            )
            raising.judge(nudge)
        raising.record()
    copilot.follow()
    seen = bob.get("/changes/copilot/reminders").get_json()
    assert [one["rule"] for one in seen["reminders"]] == ["below_plan"]
    assert seen["personal"] == 501
