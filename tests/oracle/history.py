"""Random histories: who is a member of what, what every source said and when, and what is asked about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import product
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

MINIMUM = 5
APPS = (("copilot", "chat"), ("copilot", "draft"), ("teapot", "chat"))
SOURCES = (("default", "instant"), ("tool", "instant"), ("files", "day"), ("viva", "week"))


@dataclass(frozen=True)
class Definition:
    """features: (app, feature), None for any of the app."""

    features: tuple[tuple[str, str | None], ...]
    window: int
    least: int


@dataclass(frozen=True)
class Membership:
    role: str
    person: str
    start: date
    until: date | None
    access: date | None


@dataclass(frozen=True)
class Observation:
    """What a source said once: `actor` is a person's name at every source, or a ghost's."""

    source: str
    app: str
    feature: str
    kind: str
    grain: str
    actor: str
    at: datetime
    received: datetime
    count: int


@dataclass(frozen=True)
class Step:
    person: str
    course: str
    status: str
    at: datetime


@dataclass(frozen=True)
class History:
    """courses: by role. own: definitions of roles that have one of their own. now: when it is asked about.

    agreed: by source, from which day on it has to report.
    """

    zone: str
    go_live: date
    people: tuple[str, ...]
    courses: dict[str, tuple[str, ...]]
    own: dict[str, Definition]
    definition: Definition
    members: tuple[Membership, ...]
    observations: tuple[Observation, ...]
    steps: tuple[Step, ...]
    now: datetime
    as_of: datetime | None
    fold_each: bool
    agreed: dict[str, date]

    @property
    def today(self) -> date:
        """The running day of the question."""
        return (self.as_of or self.now).astimezone(ZoneInfo(self.zone)).date()


@dataclass(frozen=True)
class Question:
    """role: None for the whole change. last: the day that is looked at. weeks: 12 or 4."""

    role: str | None
    feature: tuple[str, str | None] | None
    cohort: date | None
    last: date
    window: int | None
    weeks: int


@dataclass(frozen=True)
class Shape:
    """What a history is drawn from. The bulk of use comes from the seed, because there is much of it.

    live_days: since go-live. known_days: for which anything may have been said. outage: last days on which nothing was.
    agreed: days for which sources have to report, as was agreed with so many of them.
    """

    seed: int
    zone: str
    now: date
    live_days: int
    people: int
    definition: Definition
    courses: tuple[tuple[str, ...], ...]
    own: tuple[Definition | None, ...]
    sources: int
    batches: int
    outage: int
    heartbeat: bool
    known_days: int
    as_of: bool
    fold_each: bool
    agreed: tuple[int, int]


_DEFINITIONS = st.builds(
    lambda features, window, least: Definition(features, window, min(window, least)),
    st.sampled_from([(("copilot", None),), (("copilot", "chat"),), (("copilot", "draft"), ("teapot", None))]),
    st.sampled_from([1, 5, 7, 14, 28]),
    st.integers(1, 4),
)

SHAPES = st.builds(
    Shape,
    seed=st.integers(0, 2**32),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Auckland"]),
    now=st.sampled_from([date(2026, 4, 2), date(2026, 4, 13), date(2026, 11, 4), date(2026, 11, 15)]),
    live_days=st.sampled_from([95, 45, 20, 3]),
    people=st.integers(MINIMUM + 2, 17),
    definition=_DEFINITIONS,
    courses=st.lists(st.sampled_from([("basics",), ("basics", "letters"), ()]), min_size=1, max_size=2).map(tuple),
    own=st.tuples(st.none() | _DEFINITIONS, st.none() | _DEFINITIONS),
    sources=st.sampled_from([1, 1, 2, 2, 3, 4]),
    batches=st.sampled_from([1, 2, 2, 3, 5]),
    outage=st.sampled_from([0, 0, 0, 0, 0, 2, 9]),
    heartbeat=st.sampled_from([True, True, True, False]),
    known_days=st.sampled_from([8, 12, 12, 20, 20, 30, 30, 95]),
    as_of=st.booleans(),
    fold_each=st.booleans(),
    agreed=st.tuples(st.sampled_from([8, 20, 30, 95]), st.sampled_from([0, 1, 4, 4])),
)
"""Some months around a change of clocks."""


def drawn(shape: Shape) -> tuple[History, Sequence[Question]]:
    """The history of a shape, the same each time, and what is asked about it."""
    random = Random(shape.seed)
    now = datetime.combine(shape.now, time(12, 30), ZoneInfo(shape.zone))
    go_live = shape.now - timedelta(days=shape.live_days)
    people = tuple(f"p{n}" for n in range(shape.people))
    roles = ("sales", "coaches")[: len(shape.courses)]
    received = _received(random, now, shape.batches)
    told = History(
        shape.zone,
        go_live,
        people,
        dict(zip(roles, shape.courses, strict=True)),
        {role: own for role, own in zip(roles, shape.own, strict=False) if own},
        shape.definition,
        tuple(one for role in roles for one in _members(random, role, people, go_live, shape.now)),
        _observations(random, shape, people, received),
        tuple(_steps(random, people, now)),
        now,
        random.choice(received) if shape.as_of else None,
        shape.fold_each,
        {source: shape.now - timedelta(days=shape.agreed[0]) for source, _ in SOURCES[: shape.agreed[1]]},
    )
    return told, [_question(random, told) for _ in range(3)]


def _members(random: Random, role: str, people: Sequence[str], go_live: date, now: date) -> list[Membership]:
    found = []
    # Access with the beginning of a week is what decides whether four weeks are whole.
    monday = now - timedelta(days=now.weekday() + 7 * random.randint(4, 5))
    for person in people:
        if random.random() < 0.1:
            continue
        start = go_live + timedelta(days=random.choice([-100, -100, -100, -100, -10, 0, 5, 30]))
        until = access = None
        if random.random() < 0.3:
            until = random.choice(
                [start + timedelta(days=random.randint(1, 140)), now - timedelta(random.randint(0, 20))]
            )
        if random.random() < 0.4:
            access = random.choice([start + timedelta(days=random.randint(-5, 40)), monday, monday])
        if until and until <= start:
            until = None
        if access and until and access >= until:
            access = None
        found.append(Membership(role, person, start, until, access))
    return found


def _received(random: Random, now: datetime, number: int) -> list[datetime]:
    """When batches came in; the last one at the very end, so that nothing is left over."""
    earlier = [now - timedelta(days=random.choice([0, 1, 2, 5, 12, 30]), hours=random.randint(0, 11)) for _ in range(4)]
    return sorted({*random.sample(earlier, number - 1), now - timedelta(minutes=5)})


def _observations(
    random: Random, shape: Shape, people: Sequence[str], received: Sequence[datetime]
) -> tuple[Observation, ...]:
    found: list[Observation] = []
    sources = SOURCES[: shape.sources]
    together = random.choice([max(shape.known_days - 5, 0), shape.known_days])
    for actor in (*people, "ghost"):
        habit = random.choice([0.0, 0.05, 0.3, 0.6, 0.9, 0.9])
        # Fourteen days after go-live is the last day that is still soon after a training.
        fortnight = max(shape.live_days - 14, 0)
        begins = shape.now - timedelta(days=random.choice([together] * 5 + [fortnight] * 2 + [5, shape.known_days]))
        for source, grain in random.sample(sources, random.randint(1, len(sources))):
            for day in _days(begins, shape):
                if random.random() < habit and (grain != "week" or day.weekday() in (0, 2)):
                    found += _said(random, shape.zone, source, grain, actor, day, received)
    if shape.heartbeat:
        # Somebody who is a member of nothing uses each source every day, so that none is silent for want of users.
        for (app, feature), (source, grain) in product(shape.definition.features, sources):
            for day in _days(shape.now - timedelta(days=shape.known_days), shape):
                for one in _said(random, shape.zone, source, grain, "robot", day, received)[:1]:
                    found.append(replace(one, app=app, feature=feature or "chat", kind="use"))
    return tuple(sorted(found, key=lambda one: one.received))


def _days(first: date, shape: Shape) -> list[date]:
    days = (first + timedelta(days=n) for n in range((shape.now - first).days + 1))
    return [day for day in days if (shape.now - day).days not in range(1, shape.outage + 1)]


def _said(
    random: Random, zone: str, source: str, grain: str, actor: str, day: date, received: Sequence[datetime]
) -> list[Observation]:
    app, feature = random.choice(APPS[:1] * 6 + APPS[1:])
    kind = random.choice(["use"] * 18 + ["success", "passive", "failure"])
    # Around midnight, and around the hours that summer time takes or gives twice.
    hour, minute = random.choice([(0, 0), (0, 30), (1, 59), (2, 30), (9, 0), (12, 0), (23, 30), (23, 59)])
    at = datetime.combine(day, time(12) if grain != "instant" else time(hour, minute), ZoneInfo(zone))
    later = [one for one in received if one >= at]
    if not later:
        return []
    first = later[0] if random.random() < 0.8 else random.choice(later)
    count = random.choice([1, 1, 2, 5, 30])
    told = [Observation(source, app, feature, kind, grain, actor, at, first, count)]
    if grain != "instant" and random.random() < 0.4:
        again = random.choice([one for one in later if one >= first])
        told.append(Observation(source, app, feature, kind, grain, actor, at, again, random.choice([0, 0, 1, 7])))
    return told


def _steps(random: Random, people: Sequence[str], now: datetime) -> list[Step]:
    return [
        Step(person, course, random.choice(["completed", "completed", "passed", "waived", "failed", "attended"]), at)
        for person in people
        for course in ("basics", "letters")
        for at in [now - timedelta(days=random.randint(0, 80), hours=random.randint(0, 12))]
        if random.random() < 0.9
    ]


def _question(random: Random, told: History) -> Question:
    role = random.choice([None, *told.courses])
    definition = told.own.get(role or "", told.definition)
    feature = random.choice(definition.features) if random.random() < 0.3 else None
    if feature and feature[1] is None and random.random() < 0.5:
        feature = (feature[0], random.choice(["chat", "draft"]))
    cohort = told.go_live.replace(day=1) if random.random() < 0.15 else None
    last = told.today - timedelta(days=random.choice([1, 1, 2, 7, 20]))
    window = random.choice([None, 1, 5, 10])
    return Question(role, feature, cohort, last, window, random.choice([12, 4]))
