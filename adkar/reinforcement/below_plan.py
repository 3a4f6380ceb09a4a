"""A role has missed its plan for two complete weeks: tell its manager, in aggregate."""

from datetime import date, datetime

from adkar import alerts
from adkar.adoption import suppressed
from adkar.plan import planned_rate
from adkar.reinforcement.reminder import Reminder, RoleState


def below_plan(state: RoleState, _now: datetime) -> list[Reminder]:
    """One reminder while the alert fires, its cause named after the week in which the firing began.

    Weeks of a group that is too small are suppressed first; they freeze the alert like unknown ones, so
    nothing is raised while the latest week is either. Without a manager the recipient is None.
    """
    weeks = [suppressed(week, state.minimum) for week in state.weeks]
    plans = [_plan(state, week.day) for week in weeks]
    alert = alerts.below_plan(weeks, plans)
    if alert.state != "firing":
        return []
    latest, plan = weeks[-1], plans[-1]
    # An alert fires on weeks that have all of these; said here for the type checker.
    assert alert.firing_since is not None
    assert latest.rate is not None
    assert latest.eligible is not None
    assert plan is not None
    began = date.fromordinal(alert.firing_since).isoformat()
    return [
        Reminder(
            rule="below_plan",
            change=state.change,
            role=state.role,
            subject=None,
            audience="manager",
            recipient=state.manager,
            cause=f"below_plan:{state.change}:{state.role}:{began}",
            facts={
                "change": state.change_name,
                "role": state.role_name,
                "rate": latest.rate,
                "plan": plan,
                "eligible": latest.eligible,
                "week": date.fromordinal(latest.day).isoformat(),
            },
        )
    ]


def _plan(state: RoleState, day: int) -> float | None:
    return planned_rate(
        day,
        go_live=state.go_live.toordinal(),
        target_by=state.target_by.toordinal(),
        target_rate=state.target_rate,
        baseline=state.baseline,
    )
