"""Where a group stands: first how many people are blocked at which element, only then the means."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from adkar.elements import (
    BARRIER_SCORE,
    ELEMENTS,
    HIGHEST,
    LOWEST,
    Element,
    Reached,
    Scores,
    barrier,
    passed,
    reached,
)
from adkar.intervals import mean_interval, wilson
from adkar.profile import Profile

MINIMUM_GROUP = 10
MINIMUM_GROUP_FLOOR = 5

GroupBarrier = Element | Literal["none", "indeterminate"]
BARRIERS: tuple[GroupBarrier, ...] = (*ELEMENTS, "none", "indeterminate")
STAGES: tuple[Reached, ...] = ("none", *ELEMENTS, "indeterminate")


@dataclass(frozen=True)
class Estimate:
    """A mean (1 to 5) or a share (0 to 1) of `n` people, with its 95 % interval."""

    value: float
    n: int
    low: float
    high: float


@dataclass(frozen=True)
class GroupProfile:
    """One group, one source; every figure is None when `suppressed`, the number of people included.

    `n` people answered, a share of `response_rate` (0 to 1) of the eligible; `non_response` did not.
    `barriers` counts people by the element that blocks them, by "none" and by "indeterminate".
    `means` leaves out an element that fewer people than the minimum have scored; its interval is Student's t.
    `barrier` is that of the unrounded means; `borderline` says that the interval of a mean that decides it
    spans 3.
    `stages` counts people by the stage they reached; `reached` is the share, of `n`, known to have reached
    each: above 3 in that element and in all before it, whatever follows. Its interval is Wilson's.
    """

    suppressed: bool
    n: int | None = None
    response_rate: float | None = None
    non_response: int | None = None
    barriers: Mapping[GroupBarrier, int] | None = None
    means: Mapping[Element, Estimate] | None = None
    barrier: GroupBarrier | None = None
    borderline: bool | None = None
    stages: Mapping[Reached, int] | None = None
    reached: Mapping[Element, Estimate] | None = None


def summarise(profiles: Sequence[Profile], eligible: int, minimum: int = MINIMUM_GROUP) -> GroupProfile:
    """The group of the eligible people whose profiles these are, one profile each, all from one source.

    Fewer than `minimum` people show no figures. Raises ValueError for a `minimum` below 5, a second profile
    of a person, mixed sources, and more profiles than `eligible` people.
    """
    _check_minimum(minimum)
    answered = [profile.scores for profile in profiles if profile.scores]
    n = len(answered)
    if len({profile.person for profile in profiles}) < len(profiles):
        raise ValueError("profiles: a person counts once")
    if len({profile.source for profile in profiles}) > 1:
        raise ValueError("profiles: sources are never merged")
    if n > eligible:
        raise ValueError(f"eligible: {eligible} people cannot give {n} profiles")
    if n < minimum:
        return GroupProfile(suppressed=True)
    means = _means(answered, minimum)
    mean_scores = {element: mean.value for element, mean in means.items()}
    stages = Counter[Reached](reached(scores) for scores in answered)
    return GroupProfile(
        suppressed=False,
        n=n,
        response_rate=n / eligible,
        non_response=eligible - n,
        barriers=_barriers(answered),
        means=means,
        barrier=barrier(mean_scores) or "none",
        borderline=_borderline(means, mean_scores),
        stages={stage: stages[stage] for stage in STAGES},
        reached=_reached(answered),
    )


def accept_group_assessment(n: int | None, minimum: int = MINIMUM_GROUP) -> None:
    """Raises ValueError, naming `n`, for an average of fewer people than `minimum` or of unknown n."""
    _check_minimum(minimum)
    if n is None or n < minimum:
        raise ValueError(f"n: the average of a group needs at least {minimum} people, not {n}")


def _check_minimum(minimum: int) -> None:
    if minimum < MINIMUM_GROUP_FLOOR:
        raise ValueError(f"minimum: {minimum} is below the floor of {MINIMUM_GROUP_FLOOR} people")


def _barriers(answered: Sequence[Scores]) -> Mapping[GroupBarrier, int]:
    counts = Counter[GroupBarrier](barrier(scores) or "none" for scores in answered)
    return {key: counts[key] for key in BARRIERS}


def _means(answered: Sequence[Scores], minimum: int) -> Mapping[Element, Estimate]:
    means = {}
    for element in ELEMENTS:
        values = [scores[element] for scores in answered if element in scores]
        # An element that few have scored would show what these few said, however large the group.
        if len(values) >= minimum:
            low, high = mean_interval(values)
            means[element] = Estimate(fmean(values), len(values), max(low, LOWEST), min(high, HIGHEST))
    return means


def _borderline(means: Mapping[Element, Estimate], mean_scores: Scores) -> bool:
    deciding = ELEMENTS[: len(passed(mean_scores)) + 1]
    # A score of 3 is a barrier, so an interval that ends at 3 lies on one side only.
    return any(means[e].low <= BARRIER_SCORE < means[e].high for e in deciding if e in means)


def _reached(answered: Sequence[Scores]) -> Mapping[Element, Estimate]:
    n = len(answered)
    counts = Counter(element for scores in answered for element in passed(scores))
    shares = {}
    for element in ELEMENTS:
        interval = wilson(counts[element], n)
        assert interval is not None  # n is at least the floor
        shares[element] = Estimate(counts[element] / n, n, *interval)
    return shares
