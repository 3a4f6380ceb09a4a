"""What the dashboard shows, and how its figures and codes read. Pure: the views fetch, this only words.

A share is a number from 0 to 1. A figure that may not be shown, or is not known, is None; `status` tells which.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import floor
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from adkar.alerts import State
from adkar.elements import BARRIER_SCORE, ELEMENTS, Element
from adkar.group import BARRIERS, GroupBarrier

Status = Literal["known", "unknown", "suppressed"]

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "status": {"unknown": "unknown: source silent", "suppressed": "too few people"},
    "alert": {"ok": "on plan", "pending": "one week below plan", "firing": "below plan", "no_data": "not judged"},
    "rule": {
        "below_plan": "The role was below its plan for two complete weeks",
        "never_used": "Two weeks with access, and the tool not opened yet",
    },
    "audience": {"person": "a person", "manager": "manager"},
    "state": {
        "raised": "waiting to be sent",
        "sent": "sent",
        "failed": "not delivered",
        "snoozed": "put off",
        "acknowledged": "answered",
        "dropped": "not sent",
    },
    "reason": {
        "opted_out": "the person asked for no reminders",
        "cool_down": "another reminder went to the person within 7 days",
        "nobody_to_tell": "the role has no manager and no channel",
        "resolved_while_held": "no longer needed when its time came",
        "no_address": "no address is known",
    },
    "barrier": {
        **{element: element.capitalize() for element in ELEMENTS},
        "none": "No barrier",
        "indeterminate": "Not yet known",
    },
}
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True)
class Change:
    """definition: what counts as adopted, in words, such as "used on at least 4 of 28 days"."""

    key: str
    name: str
    go_live: date
    target_rate: float
    target_by: date
    definition: str


@dataclass(frozen=True)
class Series:
    """Adoption over time, oldest first; every sequence has one entry for each of `days`.

    rate, low, high, plan: shares. low, high: data-quality bounds. plan: None before go-live.
    """

    days: Sequence[date]
    rate: Sequence[float | None]
    low: Sequence[float | None]
    high: Sequence[float | None]
    plan: Sequence[float | None]
    status: Sequence[Status]


@dataclass(frozen=True)
class Adkar:
    """Where a role stands by its people's own answers; a `suppressed` one is shown without any figure.

    n: people who answered. response_rate: their share of the eligible. means: 1 to 5, None where too few scored
    the element. blocked_share: of those who answered, the share blocked at each element, and of "none" and
    "indeterminate"; together 1, a key left out is 0. barrier: that of the means.
    """

    suppressed: bool
    n: int | None = None
    response_rate: float | None = None
    means: Mapping[Element, float | None] | None = None
    blocked_share: Mapping[GroupBarrier, float] | None = None
    barrier: GroupBarrier | None = None


@dataclass(frozen=True)
class Role:
    """One impacted role, its figures those of the latest day of `series`.

    eligible, adopted: people. series: None before any usage. adkar: None before any assessment.
    last_reminder: when the latest one was raised, aware.
    """

    key: str
    name: str
    eligible: int | None
    adopted: int | None
    rate: float | None
    low: float | None
    high: float | None
    plan: float | None
    status: Status
    alert: State
    series: Series | None
    adkar: Adkar | None
    last_reminder: datetime | None


@dataclass(frozen=True)
class Figures:
    """The change as a whole. eligible: people, each once. sent, dropped: reminders of the last 7 days."""

    eligible: int | None
    rate: float | None
    low: float | None
    high: float | None
    plan: float | None
    status: Status
    sent: int
    dropped: int


@dataclass(frozen=True)
class Reminder:
    """raised_at: aware. role: its name. facts: what the message said, as one line of text, may be empty."""

    raised_at: datetime
    role: str
    rule: str
    audience: Literal["person", "manager"]
    state: str
    reason: str | None
    facts: str


@dataclass(frozen=True)
class Mail:
    """A message that had nowhere to go. received_at: aware."""

    received_at: datetime
    to: str
    subject: str
    text: str


@dataclass(frozen=True)
class Dashboard:
    """changes: key and name of each. zone: IANA name, in which instants are shown. as_of: the last complete day.

    change, figures: None while there is no change. grain_note: shown with the charts. mailbox: None where mail
    is sent for real. public_url: address of the service, for the example of the first call.
    """

    change: Change | None
    changes: Sequence[tuple[str, str]]
    zone: str
    as_of: date
    figures: Figures | None
    roles: Sequence[Role]
    grain_note: str | None
    reminders: Sequence[Reminder]
    mailbox: Sequence[Mail] | None
    public_url: str


def context(dashboard: Dashboard) -> dict[str, Any]:
    """The variables of dashboard.html, all but `csrf_token`."""
    return {
        "page": dashboard,
        "charts": [chart(role.series) if role.series and role.series.days else None for role in dashboard.roles],
        "elements": ELEMENTS,
        "barriers": BARRIERS,
        "percent": percent,
        "mean": mean,
        "heat": heat,
        "day": day,
        "moment": lambda instant: moment(instant, dashboard.zone),
        "words": words,
        "weekly": weekly,
    }


def words(kind: str, code: str) -> str:
    """A code as people say it; one that has no words yet is shown without its underscores."""
    return WORDS[kind].get(code, code.replace("_", " "))


def percent(share: float) -> str:
    """Whole percent, halves up; what is neither nothing nor everything is never rounded to it."""
    whole = floor(share * 100 + 0.5)
    if whole == 0 and share > 0:
        return "<1\N{NO-BREAK SPACE}%"
    if whole == 100 and share < 1:
        return ">99\N{NO-BREAK SPACE}%"
    return f"{whole}\N{NO-BREAK SPACE}%"


def mean(score: float) -> str:
    """One decimal; a mean just above 3 is no barrier and must not read like one."""
    text = f"{score:.1f}"
    return f">{text}" if score > BARRIER_SCORE and float(text) <= BARRIER_SCORE else text


def heat(score: float) -> int:
    """The shade of a score, 1 to 6: half a point each, 1 to 3 for a barrier, the ends hold the rest."""
    return 1 + sum(score > edge for edge in (2, 2.5, BARRIER_SCORE, 3.5, 4))


def day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def moment(instant: datetime, zone: str) -> str:
    local = instant.astimezone(ZoneInfo(zone))
    return f"{day(local)}, {local:%H:%M}"


def chart(series: Series) -> dict[str, list[Any]]:
    """What dashboard.js draws: the columns of `series`, days counted from 1970-01-01, nothing of suppressed days."""
    shown = [status != "suppressed" for status in series.status]
    known = [status == "known" for status in series.status]
    return {
        "days": [(value - _EPOCH).days for value in series.days],
        "rate": [value if there else None for value, there in zip(series.rate, known, strict=True)],
        "low": [value if there else None for value, there in zip(series.low, shown, strict=True)],
        "high": [value if there else None for value, there in zip(series.high, shown, strict=True)],
        "plan": list(series.plan),
        "status": list(series.status),
    }


def weekly(series: Series) -> list[int]:
    """Indices for a table, newest first: the last day and each at least seven days before the one after it."""
    chosen: list[int] = []
    for i in reversed(range(len(series.days))):
        if not chosen or (series.days[chosen[-1]] - series.days[i]).days >= 7:
            chosen.append(i)
    return chosen
