"""What the service answers beside what the oracle says, for every metric."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, timedelta
from math import isclose
from typing import Any

from service.queries.habits import lifecycle_of, reach_of, retention_of, segments_of
from service.queries.speeds import speed_of, training_of
from service.takehold import Takehold
from tests.oracle import rules, rules_of_time
from tests.oracle.evidence import Evidence, evidence
from tests.oracle.history import History, Question
from tests.oracle.telling import Told, tell

_TRAILING = ("dau", "wau", "mau")


def check(takehold: Takehold, history: History, questions: Sequence[Question]) -> Counter[str]:
    """Asks each question of each metric. Counts the answers by metric and status. Raises AssertionError."""
    told = tell(takehold, history)
    counted: Counter[str] = Counter()
    for question in questions:
        for metric, (mine, theirs) in answers(told, question).items():
            assert same(mine, theirs), f"{metric} of {question}:\n answered {mine}\n oracle   {theirs}"
            for status in statuses(theirs):
                counted[f"{metric} {status}"] += 1
    return counted


def answers(told: Told, question: Question) -> dict[str, tuple[Any, Any]]:
    """By metric, what the service answers and what the oracle says."""
    last, weeks = question.last, question.weeks
    spans = [(last - timedelta(days=7 * n + 6), last - timedelta(days=7 * n)) for n in (2, 1, 0)]
    days = [last - timedelta(days=n) for n in (9, 1, 0)]

    def fresh() -> Evidence:
        return evidence(told.history, question)

    with told.asked(question) as usage:
        role = usage.change.roles[question.role] if question.role else None
        series = usage.days(role, [day.toordinal() for day in days], question.window)
        reach = reach_of(usage, role, last.toordinal(), weeks)
        ordinals = [(first.toordinal(), end.toordinal()) for first, end in spans]
        lifecycle = lifecycle_of(usage, role, ordinals)
        retention = retention_of(usage, role, last.toordinal(), weeks)
        segments = segments_of(usage, role, last.toordinal(), weeks)
        speed = speed_of(usage, role, last.toordinal())
        training = training_of(usage, role, last.toordinal())
    e = fresh()
    points = [_shown(vars(one.point), {name: getattr(one, name) for name in _TRAILING}) for one in series]
    return {
        "adoption": (points, [rules.adoption(e, day, question.window) for day in days]),
        "lifecycle": (lifecycle, [rules.lifecycle(e, *one) for one in spans]),
        "retention": (retention, rules.retention(e, last, weeks)),
        "segments": (segments, rules.segments(e, last, weeks)),
        "funnel": (reach.funnel, rules.funnel(e, last, weeks)),
        "depth": (reach.depth, rules.depth(e, last)),
        "speed": (speed, rules_of_time.speed(e, last)),
        "training": (training, rules_of_time.training(fresh(), last)),
    }


def _shown(point: dict[str, Any], trailing: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**point, **trailing}.items() if name != "day"}


def same(mine: Any, theirs: Any) -> bool:
    """Equal but for the last digit of a fraction, and for days, which one tells as ordinals."""
    if is_dataclass(mine) and not isinstance(mine, type):
        mine = asdict(mine)
    if isinstance(theirs, date):
        return bool(mine == theirs.toordinal())
    if isinstance(theirs, dict):
        return isinstance(mine, dict) and mine.keys() == theirs.keys() and all(same(mine[k], theirs[k]) for k in theirs)
    if isinstance(theirs, list):
        return len(mine) == len(theirs) and all(map(same, mine, theirs))
    if isinstance(theirs, float) and isinstance(mine, float):
        return isclose(mine, theirs, rel_tol=1e-12)
    return bool(mine == theirs and isinstance(mine, bool) == isinstance(theirs, bool))


def statuses(figures: Any) -> list[str]:
    """What the parts of an answer say of themselves."""
    if figures is None:
        return ["none"]
    if isinstance(figures, list):
        return [status for one in figures for status in statuses(one)]
    if "status" in figures:
        return [figures["status"], *statuses(figures.get("cells", []))]
    if "speed" in figures:
        return statuses(figures["speed"])
    return ["shown" if any(value is not None for value in figures.values()) else "hidden"]
