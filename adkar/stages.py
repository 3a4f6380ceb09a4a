"""The stages a champion recorded for a role, and where the people's own answers contradict them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from adkar.elements import ELEMENTS, Element
from adkar.group import GroupProfile

StageStatus = Literal["reached", "regressed"]
Standing = Mapping[Element, StageStatus]


@dataclass(frozen=True)
class StageRecord:
    """A champion's word that a role reached, or fell back from, a stage; `occurred_at` carries its zone."""

    stage: Element
    status: StageStatus
    occurred_at: datetime


def standing(records: Iterable[StageRecord]) -> Standing:
    """The latest status of each stage that has one, in the order of the elements.

    Of two at the same instant the later in the sequence, which is the order of the log, wins.
    """
    latest: dict[Element, StageStatus] = {}
    for record in sorted(records, key=lambda r: r.occurred_at):
        latest[record.stage] = record.status
    return {stage: latest[stage] for stage in ELEMENTS if stage in latest}


def furthest(standing: Standing) -> Element | Literal["none"]:
    """The last stage reached before the first one that the role fell back from.

    A stage without a record holds nobody up: a champion may record ability and nothing before it. A fall back
    does, until the same stage is recorded as reached again: the stages build on each other.
    """
    held: Element | Literal["none"] = "none"
    for stage in ELEMENTS:
        if standing.get(stage) == "regressed":
            break
        if stage in standing:
            held = stage
    return held


def contradictions(standing: Standing, group: GroupProfile) -> tuple[Element, ...]:
    """The stages recorded as reached at or before which most people are blocked.

    Most: more than half of those whose barrier is known, and of those without one it is known that they have
    none. A suppressed group contradicts nothing, as that would show its figures.
    """
    if group.barriers is None:
        return ()
    known = sum(count for barrier, count in group.barriers.items() if barrier != "indeterminate")
    blocked = 0
    found = []
    for stage in ELEMENTS:
        blocked += group.barriers[stage]
        if standing.get(stage) == "reached" and 2 * blocked > known:
            found.append(stage)
    return tuple(found)
