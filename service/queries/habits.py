"""Who begins, stays, comes back and stops: lifecycle, retention, funnel and segments of a change's use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adkar.adoption import Definition
from adkar.change import Role
from adkar.depth import Depth, depth
from adkar.funnel import Funnel, funnel
from adkar.lifecycle import Interval, lifecycle
from adkar.retention import Cohort, retention
from adkar.segments import Segments, calendar_weeks, habitual, segments
from service.queries.adoption import ChangeUsage


@dataclass(frozen=True)
class Reach:
    """How far people get on a day, and how much those who are active use it."""

    funnel: Funnel
    depth: Depth


def lifecycle_of(usage: ChangeUsage, role: Role | None, spans: Sequence[tuple[int, int]]) -> list[Interval]:
    """Of the role, or of the whole change for None; so are all of these. Groups below the minimum are hidden."""
    seen, roster = usage.seen(usage.change.definition(role)), usage.roster(role)
    return lifecycle(roster, usage.usage(role, roster), seen.reports, spans, usage.minimum)


def retention_of(usage: ChangeUsage, role: Role | None, last: int, weeks: int) -> list[Cohort]:
    """Cohorts of the last calendar weeks that are over by the end of `last`."""
    seen, roster = usage.seen(usage.change.definition(role)), usage.roster(role)
    first, end = calendar_weeks(last, weeks)
    return retention(roster, usage.usage(role, roster), seen.reports, range(first, end, 7), usage.minimum)


def reach_of(usage: ChangeUsage, role: Role | None, day: int, weeks: int) -> Reach:
    """weeks: 12 or 4, over which a habit is looked for."""
    defined = usage.change.definition(role)
    seen, roster = usage.seen(defined), usage.roster(role)
    used, counts = usage.usage(role, roster), usage.actions(defined)
    habit = habitual(roster, counts, day, weeks) if seen.reports.known(*calendar_weeks(day, weeks)) else None
    within = Definition(defined.number, defined.window_days, defined.min_days)
    found = funnel(roster, used, seen.reports, habit, day, within, usage.minimum)
    return Reach(found, depth(roster, used, counts, seen.reports, found.first, day, usage.minimum))


def segments_of(usage: ChangeUsage, role: Role | None, day: int, weeks: int) -> Segments:
    """weeks: 12 or 4."""
    defined = usage.change.definition(role)
    reports, counts = usage.seen(defined).reports, usage.actions(defined)
    return segments(usage.roster(role), counts, reports, day, weeks, usage.minimum)
