"""The rules of how long people take, walked through day by day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.evidence import DAY, Evidence, local, span, trailing
from tests.oracle.history import MINIMUM, Membership

Figures = dict[str, Any]
Clock = tuple[date, date, date | None]
"""First day, last day observed, and the day on which it happened, if it did by then."""

FINISHED = ("completed", "passed", "waived", "satisfied")


def speed(e: Evidence, last: date) -> Figures:
    """From access to adopted."""
    return _curve(e, _clocks(e, last, lambda one: _able(e, one), lambda p, day: _adopted(e, p, day)), last)


def training(e: Evidence, last: date) -> Figures | None:
    """From training to use."""
    asking = {role for role, courses in e.history.courses.items() if courses and e.question.role in (None, role)}
    if not asking:
        return None
    all_of_them = [one for one in e.history.members if one.role in asking]
    first = {p: min(e.access(m) for m in all_of_them if m.person == p) for p in {m.person for m in all_of_them}}
    month = e.question.cohort
    e.members = [one for one in all_of_them if month in (None, first[one.person].replace(day=1))]

    def start(one: Membership) -> date | None:
        trained = _trained(e, one)
        return max(trained, _able(e, one)) if trained else None

    clocks = _clocks(e, last, start, lambda p, day: day in e.uses[p])
    told = _curve(e, clocks, last)
    names = ("asked", "trained", "judged", "in_time", "share")
    asked = e.eligible(last)
    if len(asked) < MINIMUM:
        return {**dict.fromkeys(names), "speed": {**dict.fromkeys(told), "last": last, "status": "suppressed"}}
    done = {p for p in asked if any((_trained(e, one) or date.max) <= last for one in e.covering(p, last))}
    over = [clock for clock in clocks if clock[1] - clock[0] >= DAY * 14]
    figures: Figures = {**dict.fromkeys(names), "asked": len(asked), "trained": len(done), "speed": told}
    if told["status"] == "known" and not 0 < len(over) < MINIMUM:
        quick = sum(met is not None and met - begin <= DAY * 14 for begin, _, met in over)
        figures |= {"judged": len(over), "in_time": quick, "share": quick / len(over) if over else None}
    return figures


def _able(e: Evidence, one: Membership) -> date:
    return max(e.access(one), one.start, e.history.go_live)


def _trained(e: Evidence, one: Membership) -> date | None:
    zone = ZoneInfo(e.history.zone)
    days = []
    for course in e.history.courses[one.role]:
        steps = [s for s in e.history.steps if s.person == one.person and s.course == course and s.status in FINISHED]
        days.append(min((local(step.at, zone) for step in steps), default=None))
    done = [day for day in days if day is not None]
    return max(done) if len(done) == len(days) else None


def _adopted(e: Evidence, person: str, day: date) -> bool:
    return e.days_of(person, trailing(day, e.definition.window)) >= e.definition.least


def _clocks(
    e: Evidence,
    last: date,
    start: Callable[[Membership], date | None],
    happens: Callable[[str, date], bool],
) -> list[Clock]:
    found = []
    for person in e.history.people:
        mine = [one for one in e.members if one.person == person]
        begun = [(begin, one) for one in mine if (begin := start(one)) and begin <= last]
        begun = [(begin, one) for begin, one in begun if one.until is None or begin < one.until]
        if begun:
            first = min(begin for begin, _ in begun)
            end = max(min(one.until - DAY if one.until else last, last) for _, one in begun)
            met = next((day for day in span(first, end) if happens(person, day)), None)
            found.append((first, end, met))
    return found


def _curve(e: Evidence, clocks: list[Clock], last: date) -> Figures:
    told: Figures = {"first": None, "last": last, "curve": None, "coverage": None, "status": "known"}
    if not clocks:
        return told
    if len(clocks) < MINIMUM:
        return {**told, "status": "suppressed"}
    first = min(begin for begin, _, _ in clocks)
    told |= {"first": first, "coverage": e.coverage(span(first, last))}
    if not e.known(span(first, last)):
        return {**told, "status": "unknown"}
    waiting, steps, median, cut = Fraction(1), [], None, False
    for days in range((last - first).days + 1):
        risk = [(b, end, met) for b, end, met in clocks if ((met or end) - b).days >= days]
        events = sum(met is not None and (met - b).days == days for b, _, met in risk)
        if events and not cut:
            cut = len(risk) < MINIMUM
            if not cut:
                waiting *= 1 - Fraction(events, len(risk))
                steps.append({"days": days, "at_risk": len(risk), "events": events, "waiting": float(waiting)})
                median = days if median is None and waiting <= Fraction(1, 2) else median
    happened = sum(met is not None for _, _, met in clocks)
    curve = {"n": len(clocks), "events": happened, "censored": len(clocks) - happened}
    return {**told, "curve": {**curve, "median": median, "steps": steps, "cut": cut}}
