"""What reminders say. A nudge offers help with a task and never quotes usage; an alert speaks of groups only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Words:
    """A subject, and paragraphs separated by blank lines."""

    subject: str
    text: str


def _never_used(facts: Facts) -> Words:
    return Words(
        f"A hand with {facts['change']}?",
        f"You have everything you need to start with {facts['change']} by now. The first task is the hardest, and it "
        "is quickest with somebody beside you.\n\n"
        f"Pick one piece of this week's work as {facts['role']} and ask your champion for fifteen minutes: they will "
        "go through it with you, on your own case.\n\n"
        "If something stands in the way, such as access, time or a doubt, tell your champion. That helps "
        "everybody after you.",
    )


def _below_plan(facts: Facts) -> Words:
    return Words(
        f"{facts['role']}: adoption of {facts['change']} is below plan",
        f"{_percent(facts['rate'])} of the {facts['role']} group have adopted {facts['change']}; the plan for the week "
        f"to {facts['week']} was {_percent(facts['plan'])}. It has been below plan for two complete weeks.\n\n"
        "What helps now is a conversation about the work, not about the tool: ask the team which task it is slower "
        "for, free an hour a week for practice, and say once more why the change matters here.\n\n"
        "The page shows where the group is stuck. Please tell us what you did, or that you cannot, or whose it is.",
    )


WORDS: Mapping[str, Callable[[Facts], Words]] = {"never_used": _never_used, "below_plan": _below_plan}
"""By rule; a rule without words fails a test."""


def words(rule: str, facts: Facts) -> Words:
    """The message of a rule, given the facts it raised."""
    return WORDS[rule](facts)


def _percent(rate: float) -> str:
    return f"{rate:.0%}"
