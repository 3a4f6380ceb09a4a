"""When a role is expected to be past each element, so that only a late barrier alerts."""

from datetime import date, timedelta
from typing import Literal

from adkar.elements import Barrier, Element

DueStatus = Literal["not applicable", "not due", "due", "overdue"]

# The time to get past an element, counted from the day that makes it possible at all.
AWARENESS_AFTER_ANNOUNCEMENT = timedelta(days=14)
DESIRE_AFTER_ANNOUNCEMENT = timedelta(days=28)
# People should know how on the day they get access: training is for before it.
KNOWLEDGE_AFTER_ACCESS = timedelta(days=0)
ABILITY_AFTER_ACCESS = timedelta(days=28)
REINFORCEMENT_AFTER_GO_LIVE = timedelta(days=56)


def due_status(
    element: Element, day: date, announced: date | None, access: date | None, go_live: date | None
) -> DueStatus:
    """Whether people of a role should be past the element on a local calendar day.

    Due from the announcement (awareness, desire), access (knowledge, ability) or go-live (reinforcement)
    through the last day of the time allowed, overdue from the next day on. Before that day, or while it is
    not set, it is not due; reinforcement is not applicable: there is nothing yet to reinforce.
    """
    start, allowed = {
        "awareness": (announced, AWARENESS_AFTER_ANNOUNCEMENT),
        "desire": (announced, DESIRE_AFTER_ANNOUNCEMENT),
        "knowledge": (access, KNOWLEDGE_AFTER_ACCESS),
        "ability": (access, ABILITY_AFTER_ACCESS),
        "reinforcement": (go_live, REINFORCEMENT_AFTER_GO_LIVE),
    }[element]
    if start is None or day < start:
        return "not applicable" if element == "reinforcement" else "not due"
    return "due" if day <= start + allowed else "overdue"


def alerts(barrier: Barrier, day: date, announced: date | None, access: date | None, go_live: date | None) -> bool:
    """Whether the barrier is a known element that is overdue; any other is expected, or not known."""
    if barrier is None or barrier == "indeterminate":
        return False
    return due_status(barrier, day, announced, access, go_live) == "overdue"
