"""How long something takes when it has not happened to everybody yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from adkar.population import Bools


@dataclass(frozen=True)
class Step:
    """After `days` days: people still observed just before, those to whom it happened then, and the share to whom it
    had not happened by then."""

    days: int
    at_risk: int
    events: int
    waiting: float


@dataclass(frozen=True)
class Curve:
    """n: people. events, censored: those to whom it happened, and those observed until it had not.

    steps: one for each day count on which it happened to somebody. median: the first day count by which at least half
    had it happen; None when the curve does not come down to a half. cut: steps about fewer people than may be
    shown were left out, and the median with them if it lies there.
    """

    n: int
    events: int
    censored: int
    median: int | None
    steps: Sequence[Step]
    cut: bool = False


def kaplan_meier(days: npt.NDArray[np.int32], happened: Bools, minimum: int = 0) -> Curve:
    """The product-limit estimate S(t) = product over t_i <= t of (1 - d_i / n_i).

    days: [n], days from the clock's start to the event or, where it did not happen, to the last day observed.
    Whoever was observed to the day of an event was at risk on it. minimum: steps with fewer people at risk are cut.
    E. L. Kaplan and P. Meier, Nonparametric estimation from incomplete observations, JASA 53 (1958) 457-481.
    """
    order = np.sort(days)
    times, events = np.unique(days[happened], return_counts=True)
    at_risk = len(days) - np.searchsorted(order, times, side="left")
    # A fraction, because a product of rounded factors misses the half by a hair on either side.
    waiting, median, steps, cut = Fraction(1), None, [], False
    for time, risk, lost in zip(times.tolist(), at_risk.tolist(), events.tolist(), strict=True):
        if risk < minimum:
            cut = True
            break
        waiting *= Fraction(risk - lost, risk)
        steps.append(Step(time, risk, lost, float(waiting)))
        if median is None and 2 * waiting <= 1:
            median = time
    total = int(np.count_nonzero(happened))
    return Curve(len(days), total, len(days) - total, median, steps, cut)
