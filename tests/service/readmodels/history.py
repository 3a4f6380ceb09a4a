"""A history in which every read model has something to do: repeats, replacements, late facts and answers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from events.sealed import Sealed
from events.types.adkar import Assessed, Scores, StageRecorded
from events.types.base import Event
from events.types.change import AdoptionDefined, ChangeLaunched, Feature, MemberPlaced, RoleImpacted, Terms
from events.types.people import ActorLinked, ActorsMerged, PersonOptedOut, PersonRegistered
from events.types.reinforcement import (
    DeliveryFailed,
    DeliverySent,
    ReminderAcknowledged,
    ReminderDropped,
    ReminderRaised,
    ReminderSnoozed,
)
from events.types.training import TrainingRecorded
from events.types.trust import FactWithdrawn
from events.types.usage import SourceExpected, UsageRetracted
from tests.service.api.office import Office

WITHDRAWN: list[tuple[type[Event], int]] = [
    (StageRecorded, -1),
    (Assessed, 0),
    (TrainingRecorded, 1),
    # What it replaced counts again; then that is taken back as well, and what it had replaced counts.
    (MemberPlaced, -1),
    (MemberPlaced, 1),
    (ActorLinked, -1),
    (ActorLinked, 1),
    (PersonOptedOut, 0),
    (PersonRegistered, 0),
    (ActorsMerged, 0),
    (UsageRetracted, 0),
]
"""At the end some facts are taken back: which of their kind, in the order of recording."""

_SPACE = UUID("7b6c2f0e-0f3e-4a8e-9a59-7a4c7a9e6a11")
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def id(name: str) -> UUID:
    """The same id for the same name."""
    return uuid5(_SPACE, name)


CHANGE, OTHER, SALES, COACHES = id("change"), id("other"), id("sales"), id("coaches")
ADA, BEA, CID = id("ada"), id("bea"), id("cid")


def history(office: Office) -> list[tuple[UUID, Event, datetime]]:
    """Stream, event and instant, in the order of recording."""
    late, early = NOON + timedelta(days=2), NOON - timedelta(days=30)
    told: list[tuple[UUID, Event, datetime]] = [
        (ADA, PersonRegistered(person=ADA), NOON),
        *_launched(CHANGE, "copilot"),
        (SALES, MemberPlaced(change=CHANGE, role=SALES, person=ADA, start=date(2026, 1, 1)), NOON),
        (SALES, MemberPlaced(change=CHANGE, role=SALES, person=BEA, start=date(2026, 1, 1)), NOON),
        (ADA, ActorLinked(account=1, person=ADA), NOON),
        (ADA, _assessed(ADA, awareness=4, desire=2), NOON),
        (SALES, _stage("awareness", "reached"), NOON),
        (ADA, TrainingRecorded(person=ADA, course="basics", status="completed"), NOON),
        (SALES, MemberPlaced(change=CHANGE, role=SALES, person=ADA, start=date(2026, 2, 1)), NOON),
        (ADA, PersonOptedOut(person=ADA, opted_out=True), NOON),
        *_launched(OTHER, "other"),
        # Told late, of an earlier day.
        (ADA, _assessed(ADA, awareness=1), early),
        (ADA, TrainingRecorded(person=ADA, course="ethics", status="passed", score=0.5), early),
        (SALES, MemberPlaced(change=CHANGE, role=COACHES, person=ADA, start=date(2026, 3, 1)), NOON),
        (CHANGE, _assessed(None, awareness=3.5), NOON),
        (SALES, _stage("awareness", "regressed"), late),
        # The account was somebody else's, and then not again.
        (BEA, ActorLinked(account=1, person=BEA), late),
        (BEA, ActorLinked(account=2, person=BEA), late),
        (ADA, ActorLinked(account=1, person=ADA), late),
        (ADA, PersonOptedOut(person=ADA, opted_out=False), late),
        (CID, PersonOptedOut(person=CID, opted_out=True), late),
        (SALES, MemberPlaced(change=OTHER, role=SALES, person=CID, start=date(2026, 1, 1)), late),
        (SALES, MemberPlaced(change=CHANGE, role=SALES, person=BEA, start=date(2026, 1, 1), until=late.date()), late),
        *_reminders(late),
        (OTHER, ActorsMerged(account=3, into=2), late),
        (OTHER, ActorsMerged(account=4, into=3), late),
        *((OTHER, _retracted(*numbers), late) for numbers in ((1,), (1, 2))),
        *((OTHER, SourceExpected(source="app", since=since), late) for since in (date(2026, 3, 1), None)),
    ]
    return told


def tell(office: Office) -> None:
    """Records the history, event by event, with the read models following each as they do behind a request."""
    for stream, event, occurred in history(office):
        with office.takehold.command(office.id, "test", "api") as unit:
            unit.append(stream, [event], occurred)
    told = office.events()
    for kind, number in WITHDRAWN:
        wrong = [recorded for recorded in told if isinstance(recorded.event, kind)][number]
        with office.takehold.command(office.id, "test", "api") as unit:
            reason = unit.vault.seal(office.id, "a slip")
            unit.append(wrong.stream, [FactWithdrawn(event_id=wrong.event_id, reason=reason)])


def _launched(change: UUID, key: str) -> list[tuple[UUID, Event, datetime]]:
    terms = Terms(
        name=key, go_live=date(2026, 3, 2), zone="UTC", target_rate=0.8, target_by=date(2026, 9, 1), champions=(BEA,)
    )
    defined = AdoptionDefined(
        change=change, role=None, number=1, features=(Feature(app="copilot"),), window_days=7, min_days=2
    )
    role = RoleImpacted(change=change, role=uuid5(change, "role/sales"), key="sales", name="Sales", courses=("basics",))
    return [(change, event, NOON) for event in (ChangeLaunched(change=change, key=key, terms=terms), defined, role)]


def _assessed(person: UUID | None, **scores: float) -> Assessed:
    group = {"role": None, "n": None} if person else {"role": SALES, "n": 12}
    return Assessed(change=CHANGE, person=person, source="self", scores=Scores(**scores), method="x", **group)


def _stage(stage: str, status: str) -> StageRecorded:
    return StageRecorded(change=CHANGE, role=SALES, stage=stage, status=status)


def _retracted(*numbers: int) -> UsageRetracted:
    return UsageRetracted(
        source="app", numbers=numbers, start=date(2026, 3, 1), reason=Sealed(key=id("a key"), box="closed")
    )


def _reminders(now: datetime) -> list[tuple[UUID, Event, datetime]]:
    def raised(name: str, audience: str = "manager") -> ReminderRaised:
        return ReminderRaised(
            reminder=id(name), change=CHANGE, role=SALES, rule="below_plan", cause=name, audience=audience,
            subject=ADA if audience == "person" else None, recipient=ADA, facts={"rate": 0.5}, due=now,
        )  # fmt: skip

    def dropped(name: str, reason: str) -> ReminderDropped:
        return ReminderDropped(
            reminder=id(name), change=CHANGE, role=SALES, rule="below_plan", cause=name, audience="manager",
            recipient=ADA, reason=reason,
        )  # fmt: skip

    def delivery(name: str, number: int = 1) -> dict[str, object]:
        return {"delivery": id(f"{name} {number}"), "reminder": id(name), "channel": None, "kind": "mail", "attempt": 1}

    events: list[tuple[str, Event]] = [
        ("answered", raised("answered")),
        ("answered", DeliverySent(**delivery("answered"))),
        ("answered", ReminderAcknowledged(reminder=id("answered"), action="did_it")),
        ("answered", DeliverySent(**delivery("answered", 2))),
        ("answered", ReminderSnoozed(reminder=id("answered"), until=now + timedelta(days=1))),
        ("failed", raised("failed", "person")),
        ("failed", DeliveryFailed(**delivery("failed"), reason="timeout", retry=now)),
        ("failed", DeliveryFailed(**delivery("failed"), reason="gone")),
        ("dropped first", dropped("dropped first", "cool_down")),
        ("dropped first", raised("dropped first")),
        ("put off", raised("put off")),
        ("put off", ReminderSnoozed(reminder=id("put off"), until=now + timedelta(days=1))),
        ("put off", dropped("put off", "resolved_while_held")),
        ("waiting", raised("waiting", "person")),
    ]
    return [(id(name), event, now) for name, event in events]
