"""Trained, with access, live for two weeks, and the tool was never opened: offer help."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from adkar.reinforcement.reminder import Learner, Reminder, RoleState

AFTER: Final = timedelta(days=14)


def never_used(state: RoleState, now: datetime) -> list[Reminder]:
    """One reminder to each member who has not used the tool 14 days after the clock started.

    The clock starts at the latest of joining, access, go-live and training; it does not run while required
    training is open. Nobody is reminded while the latest week is unknown or no week is complete: a silent
    source looks like a person who does nothing. The facts never quote usage.
    """
    if not state.weeks or state.weeks[-1].status == "unknown":
        return []
    today = now.astimezone(ZoneInfo(state.zone)).date()
    reminders = []
    for learner in state.learners:
        clock = _clock(learner, state.go_live)
        member = learner.left is None or today < learner.left
        if clock is None or learner.ever_used or not member or today - clock < AFTER:
            continue
        reminders.append(
            Reminder(
                rule="never_used",
                change=state.change,
                role=state.role,
                subject=learner.person,
                audience="person",
                recipient=learner.person,
                cause=f"never_used:{state.change}:{state.role}:{learner.person}:{clock.isoformat()}",
                facts={"change": state.change_name, "role": state.role_name},
            )
        )
    return reminders


def _clock(learner: Learner, go_live: date) -> date | None:
    start = max(learner.joined, learner.access, go_live)
    if not learner.training_asked:
        return start
    return max(start, learner.trained) if learner.trained is not None else None
