"""Whether training turns into use: days from the later of training and access to the first use after it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from adkar.population import Days
from adkar.speed import Clocks, Speed

WITHIN: Final = 14
"""Days after the clock's start."""


@dataclass(frozen=True)
class TrainingToUse:
    """asked: members who are asked to train; trained: those of them who did. speed: days to first use.

    judged: people whose 14 days are over, and who were members throughout. in_time: those who used it by then.
    share: in_time / judged.
    """

    asked: int | None
    trained: int | None
    judged: int | None
    in_time: int | None
    share: float | None
    speed: Speed


def training_to_use(asked: int, trained: int, running: Clocks, met: Days, speed: Speed, minimum: int) -> TrainingToUse:
    """running: clocks that start at the latest of training, access and go-live: good programmes train before go-live.

    met: [m], first use from the clock's start on. Whoever has had less than 14 days is not judged yet, whether or not
    they used it: to count only the quick would make every new wave look better than the one before.
    """
    if asked < minimum:
        hiding = Speed(None, speed.last, None, None, "suppressed")
        return TrainingToUse(None, None, None, None, None, hiding)
    over = running.end - running.start >= WITHIN
    judged, in_time = int(np.count_nonzero(over)), int(np.count_nonzero(over & (met - running.start <= WITHIN)))
    if speed.status != "known" or 0 < judged < minimum:
        return TrainingToUse(asked, trained, None, None, None, speed)
    return TrainingToUse(asked, trained, judged, in_time, in_time / judged if judged else None, speed)
