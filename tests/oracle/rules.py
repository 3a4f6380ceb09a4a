"""The rules of use, one function a metric, as they are written down; answers are plain dicts."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.oracle.evidence import DAY, Evidence, span, trailing
from tests.oracle.history import MINIMUM

Figures = dict[str, Any]


def adoption(e: Evidence, day: date, window: int | None) -> Figures:
    """A day of the adoption series, with its trailing counts."""
    length = window or e.definition.window
    least = min(e.definition.least, length)
    days = trailing(day, length)
    eligible, access, mature = e.eligible(day), e.has_had_access(day, 1), e.has_had_access(day, length)
    active = {p for p in eligible if e.used(p, days)}
    adopted = {p for p in mature if e.days_of(p, days) >= least}
    lost = [one for one in days if one in e.silent & e.expected]
    may = sum(len({one for one in days if one in e.uses[p]} | set(lost)) >= least for p in mature)
    may += sum(len((used & set(days)) | set(lost)) >= least for used in e.strangers.values())
    known = e.known(days)
    names = ("eligible", "access", "mature", "active", "adopted", "rate", "low", "high", "coverage")
    trail = {name: _people(e, day, length) for name, length in (("dau", 1), ("wau", 7), ("mau", 28))}
    if len(eligible) < MINIMUM:
        return {**dict.fromkeys(names), "status": "suppressed", **trail}
    low = len(adopted) / len(mature) if mature else None
    figures: Figures = {
        "eligible": len(eligible),
        "access": len(access),
        "mature": len(mature),
        "active": len(active) if known else None,
        "adopted": len(adopted),
        "rate": low if known else None,
        "low": low,
        "high": min(may, len(mature)) / len(mature) if mature else None,
        "coverage": e.coverage(days),
        "status": "known" if known else "unknown",
        **trail,
    }
    if 0 < len(mature) < MINIMUM:
        figures |= {**dict.fromkeys(("active", "adopted", "rate", "low", "high")), "status": "suppressed"}
    return figures


def _people(e: Evidence, day: date, length: int) -> int | None:
    days = trailing(day, length)
    eligible, mature = e.eligible(day), e.has_had_access(day, length)
    if len(eligible) < MINIMUM or 0 < len(mature) < MINIMUM or not e.known(days):
        return None
    return sum(e.used(p, days) for p in eligible)


def lifecycle(e: Evidence, first: date, last: date) -> Figures:
    """One interval."""
    names = ("eligible", "active", "new", "returning", "resurrected", "dormant", "coverage")
    blank = {"first": first, "last": last, **dict.fromkeys(names)}
    eligible = e.eligible(last)
    if len(eligible) < MINIMUM:
        return {**blank, "status": "suppressed"}
    now = span(first, last)
    before = span(first - DAY * len(now), first - DAY)
    told = {**blank, "eligible": len(eligible), "coverage": e.coverage(now), "status": "unknown"}
    if not e.known(now):
        return told
    active = {p for p in eligible if e.used(p, now)}
    told["active"] = len(active)
    if not e.known(before):
        return told
    was = {p for p in eligible if e.used(p, before)}
    new = {p for p in active if min(e.uses[p]) >= first}
    assert not new & was
    told |= {"new": len(new), "returning": len(active & was), "dormant": len(was - active), "status": "known"}
    told["resurrected"] = len(active - was - new)
    assert told["active"] == told["new"] + told["returning"] + told["resurrected"]
    return told


def retention(e: Evidence, last: date, weeks: int) -> list[Figures]:
    """Cohorts of the last calendar weeks that are over."""
    mondays = [monday for monday, _ in _calendar_weeks(last, weeks)]
    return [_cohort(e, mondays, nth) for nth in range(weeks)]


def _cohort(e: Evidence, mondays: list[date], nth: int) -> Figures:
    week = span(mondays[nth], mondays[nth] + DAY * 6)
    cohort = {p for p in e.eligible(week[-1]) if e.uses[p] and min(e.uses[p]) in week}
    status = "suppressed" if len(cohort) < MINIMUM else "known" if e.known(week) else "unknown"
    cells = []
    for later in range(len(mondays)):
        cell: Figures = {"weeks": later, "eligible": None, "active": None, "rate": None}
        if nth + later >= len(mondays):
            cells.append({**cell, "status": "incomplete"})
            continue
        if status != "known":
            cells.append({**cell, "status": status})
            continue
        then = span(mondays[nth + later], mondays[nth + later] + DAY * 6)
        left = cohort & e.eligible(then[-1])
        still = sum(e.used(p, then) for p in left)
        if len(left) < MINIMUM:
            cells.append({**cell, "status": "suppressed"})
        elif not e.known(then):
            cells.append({**cell, "eligible": len(left), "status": "unknown"})
        else:
            cell |= {"eligible": len(left), "active": still, "rate": still / len(left)}
            cells.append({**cell, "status": "known"})
    people = len(cohort) if status == "known" else None
    return {"first": week[0], "people": people, "status": status, "cells": cells}


def _calendar_weeks(last: date, weeks: int) -> list[tuple[date, date]]:
    sunday = last - DAY * (last.isoweekday() % 7)
    return [(sunday - DAY * (7 * back + 6), sunday - DAY * 7 * back) for back in reversed(range(weeks))]


def segment(e: Evidence, person: str, day: date, last: date, weeks: int) -> str:
    """Of somebody who is a member on `day`, over the calendar weeks that are over by the end of `last`."""
    calendar = _calendar_weeks(last, weeks)
    if not any(e.access(one) <= calendar[0][0] for one in e.covering(person, day)):
        return "too_early"
    sums = [sum(sum(e.uses[person].get(one, {}).values()) for one in span(*week)) for week in calendar]
    mean, firm = sum(sums) / weeks, sum(total >= 1 for total in sums) >= {12: 9, 4: 4}[weeks]
    if firm:
        return "power" if mean >= 15 else "habitual"
    return "novice" if mean >= 1 else "low" if mean > 0 else "non_user"


def segments(e: Evidence, day: date, weeks: int) -> Figures:
    """How many people are in which segment."""
    calendar = _calendar_weeks(day, weeks)
    first, last = calendar[0][0], calendar[-1][1]
    told: Figures = {"first": first, "last": last, "weeks": weeks, "eligible": None, "people": None, "coverage": None}
    eligible = e.eligible(last)
    if len(eligible) < MINIMUM:
        return {**told, "status": "suppressed"}
    told |= {"eligible": len(eligible), "coverage": e.coverage(span(first, last))}
    if not e.known(span(first, last)):
        return {**told, "status": "unknown"}
    names = ("power", "habitual", "novice", "low", "non_user", "too_early")
    found = [segment(e, p, last, day, weeks) for p in eligible]
    return {**told, "people": {name: found.count(name) for name in names}, "status": "known"}


def funnel(e: Evidence, day: date, weeks: int) -> Figures:
    """How far people got."""
    days = trailing(day, e.definition.window)
    names = ("eligible", "ever_used", "active", "adopted", "adopted_habitual", "never_used", "dormant")
    told: Figures = {"first": days[0], "day": day, **dict.fromkeys((*names, "utilisation", "coverage"))}
    eligible = e.eligible(day)
    if len(eligible) < MINIMUM:
        return {**told, "status": "suppressed"}
    told |= {"eligible": len(eligible), "coverage": e.coverage(days)}
    if not e.known(days):
        return {**told, "status": "unknown"}
    ever = {p for p in eligible if e.ever(p, day)}
    active = {p for p in ever if e.used(p, days)}
    adopted = {p for p in active if e.days_of(p, days) >= e.definition.least}
    calendar = _calendar_weeks(day, weeks)
    if e.known(span(calendar[0][0], calendar[-1][1])):
        told["adopted_habitual"] = sum(segment(e, p, day, day, weeks) in ("power", "habitual") for p in adopted)
    told |= {"ever_used": len(ever), "active": len(active), "adopted": len(adopted)}
    told |= {"never_used": len(eligible - ever), "dormant": len(ever - active)}
    return {**told, "utilisation": len(adopted) / len(eligible), "status": "known"}


def depth(e: Evidence, day: date) -> Figures:
    """Means over active people."""
    told: Figures = dict.fromkeys(("active_days", "actions", "breadth", "stickiness"))
    eligible, days, month = e.eligible(day), trailing(day, e.definition.window), trailing(day, 28)
    if len(eligible) < MINIMUM:
        return told
    monthly = sum(e.used(p, month) for p in eligible)
    working = [one for one in month if one.weekday() < 5]
    if e.known(month) and monthly >= MINIMUM:
        told["stickiness"] = sum(e.used(p, [one]) for p in eligible for one in working) / len(working) / monthly
    active = [p for p in eligible if e.used(p, days)]
    if e.known(days) and len(active) >= MINIMUM:
        here = [e.uses[p][one] for p in active for one in days if one in e.uses[p]]
        told["active_days"] = len(here) / len(active)
        told["actions"] = sum(sum(features.values()) for features in here) / len(active)
        each = [{name for one in days for name in e.uses[p].get(one, {})} for p in active]
        told["breadth"] = sum(map(len, each)) / len(active)
    return told
