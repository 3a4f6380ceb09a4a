"""A named cast: Ada learns, Mara manages the claims desk of the copilot change."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from adkar.adoption import Point
from adkar.reinforcement.reminder import Learner, RoleState

ADA, MARA, COPILOT, CLAIMS = (UUID(int=n) for n in range(1, 5))
GO_LIVE = date(2026, 3, 2)  # a Monday


def ada(**but) -> Learner:
    facts = {
        "person": ADA,
        "joined": date(2025, 1, 1),
        "left": None,
        "access": GO_LIVE,
        "trained": None,
        "training_asked": False,
        "ever_used": False,
    }
    return Learner(**(facts | but))


def week(n: int, rate: float | None, *, high=None, status="known", eligible=20, mature=20) -> Point:
    """The n-th week after go-live, by its Sunday."""
    high = rate if high is None else high
    day = GO_LIVE.toordinal() + 7 * n + 6
    return Point(day, eligible, eligible, mature, 5, 3, rate, rate, high, 1.0, status)


def claims(learners: Sequence[Learner] = (), weeks: Sequence[Point] = (), **but) -> RoleState:
    facts = {
        "change": COPILOT,
        "role": CLAIMS,
        "change_name": "Copilot",
        "role_name": "Claims",
        "zone": "Europe/Berlin",
        "go_live": GO_LIVE,
        "target_rate": 0.5,
        "target_by": GO_LIVE,
        "baseline": None,
        "manager": MARA,
        "minimum": 10,
    }
    return RoleState(learners=learners, weeks=weeks, **(facts | but))
