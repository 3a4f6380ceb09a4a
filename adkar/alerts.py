"""Below plan, as a state machine over complete weeks.

    ok --below--> pending --below--> firing --rate >= plan--> ok
          pending --not below--> ok

Below means that even the high bound misses the plan; the way out asks the rate itself to reach it, so an
alert does not flap while the truth lies between the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from adkar.adoption import Point

Held = Literal["ok", "pending", "firing"]
State = Literal["ok", "pending", "firing", "no_data"]


@dataclass(frozen=True)
class Transition:
    """day: last day (ordinal) of the week that changed the state."""

    day: int
    before: State
    after: State


@dataclass(frozen=True)
class Alert:
    """state: `no_data` while the latest week cannot be judged; held: the state frozen beneath it.

    firing_since: last day (ordinal) of the week in which the firing began, kept while frozen, else None.
    """

    state: State
    held: Held
    firing_since: int | None
    transitions: tuple[Transition, ...]


def below_plan(weeks: Sequence[Point], plans: Sequence[float | None]) -> Alert:
    """Judge complete weeks, oldest first, one point and one planned rate (None before go-live) each.

    Pass every week since go-live: from a later start the firing would seem to begin later. A week without
    a known rate (unknown, suppressed, nobody mature) neither counts nor resets. Without any week the state
    is `no_data`. Raises ValueError when the two sequences differ in length.
    """
    held: Held = "ok"
    state: State = "ok" if weeks else "no_data"
    since: int | None = None
    transitions = []
    for point, plan in zip(weeks, plans, strict=True):
        judged = _judged(held, point, plan)
        after: State = judged or "no_data"
        if after != state:
            transitions.append(Transition(point.day, state, after))
        if judged is not None:
            since = (since or point.day) if judged == "firing" else None
            held = judged
        state = after
    return Alert(state, held, since, tuple(transitions))


def _judged(held: Held, point: Point, plan: float | None) -> Held | None:
    if plan is None:
        return "ok"
    if point.status != "known" or point.rate is None or point.high is None:
        return None
    if held == "firing":
        return "ok" if point.rate >= plan else "firing"
    if point.high >= plan:
        return "ok"
    return "firing" if held == "pending" else "pending"
