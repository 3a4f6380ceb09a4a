"""Training ahead of go-live is good practice, and its clock waits for go-live."""

import numpy as np

from adkar.population import NEVER_LEFT
from adkar.speed import clocks, first_met, speed
from adkar.training_to_use import TrainingToUse, training_to_use
from tests.adkar.crowd import MONDAY, reported, used_on

LAST = MONDAY + 27


def of(starts: list[int], *people, left=None, silent=(), minimum=1) -> TrainingToUse:
    start = np.array([MONDAY + day for day in starts], np.int32)
    gone = np.array([MONDAY + day for day in left], np.int32) if left else np.full(len(starts), NEVER_LEFT, np.int32)
    running = clocks(np.arange(len(starts), dtype=np.int64), start, gone, LAST)
    usage = used_on(28, *people)
    usage = type(usage)(usage.first_day, usage.used[:, running.person])
    met = first_met(usage, running.start, LAST, 1, 1)
    found = speed(reported(28, silent), running, met, LAST, minimum)
    return training_to_use(len(starts), len(starts), running, met, found, minimum)


def test_the_fourteenth_day_is_in_time_and_the_fifteenth_is_not():
    found = of([0, 0], {14}, {15})
    assert (found.judged, found.in_time, found.share) == (2, 1, 0.5)


def test_who_has_not_had_fourteen_days_is_not_judged_however_quick():
    found = of([0, 20], set(), {20})
    assert (found.judged, found.in_time) == (1, 0)
    # The median hears both: one has waited 27 days, one none.
    assert (found.speed.curve.n, found.speed.curve.events) == (2, 1)


def test_use_before_the_clock_starts_is_not_what_training_led_to():
    found = of([7], {0, 3})
    assert (found.judged, found.in_time) == (1, 0)


def test_who_leaves_within_the_fourteen_days_is_not_judged():
    assert of([0, 0], set(), {3}, left=[10, 28]).judged == 1


def test_while_nobody_is_judged_there_is_no_share():
    found = of([20], {21})
    assert (found.judged, found.share) == (0, None)


def test_silence_and_small_groups_show_no_share():
    assert of([0], {1}, silent=range(7, 21)).share is None
    assert of([0, 20, 20], {1}, {21}, {21}, minimum=3).judged is None
    hidden = of([0], {1}, minimum=2)
    assert (hidden.asked, hidden.trained, hidden.share, hidden.speed.curve) == (None, None, None, None)
