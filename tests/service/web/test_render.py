from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import get_args, get_type_hints

import pytest

from adkar.alerts import State
from adkar.group import BARRIERS
from adkar.reinforcement.pipeline import Drop
from adkar.reinforcement.registry import RULES
from service.web import render
from tests.service.web import cast


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (0.001, "<1 %"),
        (0.0049, "<1 %"),
        (0.125, "13 %"),
        (0.62, "62 %"),
        (0.994, "99 %"),
        (0.9961, ">99 %"),
        (1, "100 %"),
    ],
)
def test_a_share_is_rounded_but_never_to_nothing_or_everything(share: float, text: str) -> None:
    assert render.percent(share).replace("\N{NO-BREAK SPACE}", " ") == text


def test_a_mean_just_above_three_does_not_read_like_a_barrier() -> None:
    assert [render.mean(score) for score in (3.0, 3.04, 3.06, 2.96)] == ["3.0", ">3.0", "3.1", "3.0"]


def test_shades_change_sides_exactly_where_a_barrier_begins() -> None:
    assert [render.heat(score) for score in (1, 2, 2.5, 3.0, 3.0001, 3.5, 4, 5)] == [1, 1, 2, 3, 4, 4, 5, 6]


def test_an_instant_is_shown_in_the_zone_of_the_page() -> None:
    instant = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert render.moment(instant, "Europe/Berlin") == "2 Mar 2026, 00:30"


def test_a_chart_holds_nothing_of_a_suppressed_day_even_when_it_was_given() -> None:
    leaky = replace(cast.series(0.5), status=["suppressed"] * cast.WEEKS)
    drawn = render.chart(leaky)
    assert {*drawn["rate"], *drawn["low"], *drawn["high"]} == {None}


def test_a_chart_draws_no_rate_of_an_unknown_day_but_keeps_its_bounds() -> None:
    given = replace(cast.series(0.5), status=["known"] * (cast.WEEKS - 1) + ["unknown"])
    drawn = render.chart(given)
    assert drawn["rate"][-2] == given.rate[-2]
    assert drawn["rate"][-1] is None
    assert drawn["low"][-1] == given.low[-1]


def test_days_of_a_chart_count_from_1970() -> None:
    days = [date(1970, 1, 2), date(1970, 2, 1)]
    assert render.chart(render.Series(days, [0, 0], [0, 0], [0, 0], [0, 0], ["known"] * 2))["days"] == [1, 31]


def test_a_table_of_a_daily_series_has_one_row_a_week_newest_first() -> None:
    days = [cast.AS_OF - timedelta(days=20 - i) for i in range(21)]
    nothing = [None] * 21
    assert render.weekly(render.Series(days, nothing, nothing, nothing, nothing, ["known"] * 21)) == [20, 13, 6]


def test_every_code_that_the_service_can_say_has_words() -> None:
    assert {rule.__name__ for rule in RULES} <= set(render.WORDS["rule"])
    assert set(get_args(State)) == set(render.WORDS["alert"])
    assert set(get_args(get_type_hints(Drop)["reason"])) <= set(render.WORDS["reason"])
    assert set(BARRIERS) == set(render.WORDS["barrier"])


def test_a_code_without_words_is_still_readable() -> None:
    assert render.words("reason", "smtp_550") == "smtp 550"
