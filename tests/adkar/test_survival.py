"""Kaplan-Meier, against an example worked out by hand and against plain counting where nobody is censored."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adkar.survival import kaplan_meier


def curve(*seen: tuple[int, bool], minimum: int = 0):
    days, happened = zip(*seen, strict=True)
    return kaplan_meier(np.array(days, np.int32), np.array(happened), minimum)


def test_an_example_by_hand():
    found = curve((1, True), (2, False), (2, True), (4, True), (4, True), (5, False))
    assert [(step.days, step.at_risk, step.events) for step in found.steps] == [(1, 6, 1), (2, 5, 1), (4, 3, 2)]
    assert [step.waiting for step in found.steps] == pytest.approx([5 / 6, 4 / 6, 2 / 9])
    assert (found.n, found.events, found.censored, found.median) == (6, 4, 2, 4)


def test_the_median_is_not_that_of_those_to_whom_it_happened():
    """Three of ten adopted at once; the mean of adopters says two days, and most are still waiting."""
    found = curve((1, True), (2, True), (3, True), *[(60, False)] * 7)
    assert (found.median, found.steps[-1].waiting) == (None, pytest.approx(0.7))


def test_half_is_half_whatever_rounding_does_to_it():
    """3/4 * 2/3 is 0.5 on paper alone."""
    assert curve((1, True), (2, True), (3, True), (4, True)).median == 2
    assert curve(*[(day, True) for day in range(1, 98)], (98, True)).median == 49


def test_who_was_censored_on_the_day_of_an_event_was_at_risk_on_it():
    assert curve((3, True), (3, False)).steps[0].at_risk == 2


def test_it_may_happen_on_the_first_day():
    found = curve((0, True), (0, True), (9, False))
    assert (found.steps[0].days, found.median) == (0, 0)


def test_the_tail_about_few_people_is_cut_and_the_median_in_it():
    found = curve((1, True), *[(2, False)] * 4, (9, True), (9, True), minimum=5)
    assert ([step.days for step in found.steps], found.median, found.cut) == ([1], None, True)
    assert curve((1, True), (2, True), minimum=1).cut is False


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_without_censoring_it_is_the_share_that_still_waits(days):
    found = curve(*[(day, True) for day in days])
    for step in found.steps:
        assert step.waiting == pytest.approx(sum(day > step.days for day in days) / len(days))
    assert found.median == sorted(days)[(len(days) - 1) // 2]
