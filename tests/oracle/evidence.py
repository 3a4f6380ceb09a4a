"""Raw events as sets: who used what on which day, which days were reported, who was a member when."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from tests.oracle.history import Definition, History, Membership, Observation, Question

DAY = timedelta(days=1)


def span(first: date, last: date) -> list[date]:
    return [first + DAY * n for n in range((last - first).days + 1)]


def trailing(last: date, days: int) -> list[date]:
    return span(last - DAY * (days - 1), last)


@dataclass
class Evidence:
    """What a question may rest on.

    uses: person -> day -> (app, feature) -> actions. strangers: days of use by account. silent, expected: days.
    """

    history: History
    question: Question
    definition: Definition
    uses: dict[str, dict[date, dict[tuple[str, str], int]]]
    strangers: dict[tuple[str, str], set[date]]
    silent: set[date]
    expected: set[date]
    members: list[Membership]

    def used(self, person: str, days: list[date]) -> bool:
        return any(day in self.uses[person] for day in days)

    def days_of(self, person: str, days: list[date]) -> int:
        return sum(day in self.uses[person] for day in days)

    def ever(self, person: str, last: date) -> date | None:
        return min((day for day in self.uses[person] if day <= last), default=None)

    def coverage(self, days: list[date]) -> float | None:
        due = [day for day in days if day in self.expected]
        return (len(due) - sum(day in self.silent for day in due)) / len(due) if due else None

    def known(self, days: list[date]) -> bool:
        due = [day for day in days if day in self.expected]
        if not due:
            return not any(day in self.silent for day in days)
        reported = [day for day in due if day not in self.silent]
        return Fraction(len(reported), len(due)) >= Fraction(4, 5) and due[-1] in reported

    def covering(self, person: str, day: date) -> list[Membership]:
        return [
            one
            for one in self.members
            if one.person == person and one.start <= day and (one.until is None or day < one.until)
        ]

    def eligible(self, day: date) -> set[str]:
        return {one.person for one in self.members if self.covering(one.person, day)}

    def access(self, one: Membership) -> date:
        return one.access or max(one.start, self.history.go_live)

    def has_had_access(self, day: date, days: int) -> set[str]:
        """Members on a day with access on each of the days that end with it."""
        since = day - DAY * (days - 1)
        return {p for p in self.eligible(day) if any(self.access(one) <= since for one in self.covering(p, day))}


def evidence(history: History, question: Question) -> Evidence:
    zone = ZoneInfo(history.zone)
    definition = history.own.get(question.role or "", history.definition)
    today = history.today

    def known(one: Observation) -> bool:
        in_time = history.as_of is None or local(one.received, zone) <= today
        return in_time and local(one.at, zone) <= today

    told = [one for one in history.observations if known(one)]
    seen = [one for one in told if _is_use(one, definition)]
    mine = [one for one in seen if question.feature is None or _within(one, question.feature)]
    uses: dict[str, dict[date, dict[tuple[str, str], int]]] = {person: {} for person in history.people}
    strangers: dict[tuple[str, str], set[date]] = defaultdict(set)
    for (source, actor, app, feature, day), count in _counts(mine, zone).items():
        if actor in uses:
            here = uses[actor].setdefault(day, {})
            here[app, feature] = here.get((app, feature), 0) + count
        else:
            strangers[source, actor].add(day)
    members = [one for one in history.members if question.role in (None, one.role)]
    first = min([local(one.at, zone) for one in seen] + [history.go_live])
    silent, expected = _silence(history, told, definition, span(first, today - DAY))
    found = Evidence(history, question, definition, uses, strangers, silent, expected, members)
    if question.cohort:
        first = {p: min(found.access(one) for one in members if one.person == p) for p in {m.person for m in members}}
        found.members = [one for one in members if first[one.person].replace(day=1) == question.cohort]
    return found


def local(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def _within(one: Observation, feature: tuple[str, str | None]) -> bool:
    return one.app == feature[0] and feature[1] in (None, one.feature)


def _counts(seen: list[Observation], zone: ZoneInfo) -> dict[tuple[str, str, str, str, date], int]:
    """Actions by source, actor, feature and day. Values of days and weeks are set by whoever spoke last."""
    values: dict[tuple[object, ...], int] = {}
    for one in seen:
        key = (one.source, one.actor, one.app, one.feature, local(one.at, zone), one.kind, one.grain)
        values[key] = one.count + (values.get(key, 0) if one.grain == "instant" else 0)
    found: dict[tuple[str, str, str, str, date], int] = defaultdict(int)
    for key, count in values.items():
        if count:
            found[key[:5]] += count  # type: ignore[index]
    return found


def _silence(
    history: History, told: list[Observation], definition: Definition, days: list[date]
) -> tuple[set[date], set[date]]:
    """Working days on which somebody had to report, and those of them on which not everybody did.

    A source that ever told use that counts owes reports from its first one on, or from the day agreed with it. Before
    the first such source told of an app, somebody owed them from go-live on, or from the day agreed with that source.
    No source here is called like an app.
    """
    zone, working, apps = ZoneInfo(history.zone), [day for day in days if day.weekday() < 5], _apps(definition)
    reports: dict[tuple[str, str], set[date]] = defaultdict(set)
    for one in told:
        if one.app in apps:
            day = local(one.at, zone)
            monday = day - DAY * day.weekday()
            reports[one.source, one.app] |= set(span(monday, monday + DAY * 6)) if one.grain == "week" else {day}
    counting = {one.source for one in told if _is_use(one, definition)}
    expected, silent = set[date](), set[date]()
    for source in counting:
        spoke = {day for (name, _), some in reports.items() if name == source for day in some}
        due = {day for day in working if day >= history.agreed.get(source, min(spoke))}
        expected |= due
        silent |= due - spoke
    for app in apps:
        speaking = {source for source, about in reports if about == app}
        if leading := speaking & counting:
            began = min(min(reports[source, app]) for source in leading)
            first = [source for source in leading if min(reports[source, app]) == began]
            free = any(source not in history.agreed for source in first)
            since = history.go_live if free else history.agreed[sorted(first)[0]]
            due = {day for day in working if since <= day < began}
            silent |= due
        else:
            due = {day for day in working if day >= history.go_live}
            silent |= due - {day for source in speaking for day in reports[source, app]}
        expected |= due
    for app in apps:
        spoke = {day for (_, about), some in reports.items() if about == app for day in some}
        silent |= {day for day in working if day >= history.go_live and day not in expected | spoke}
    return silent, expected


def _apps(definition: Definition) -> set[str]:
    return {app for app, _ in definition.features}


def _is_use(one: Observation, definition: Definition) -> bool:
    return one.kind in ("use", "success") and any(_within(one, feature) for feature in definition.features)
