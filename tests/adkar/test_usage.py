"""Running totals give, for any window, what counting its days one by one gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adkar.usage import Usage, counted, totals

FIRST = 700_000


@given(st.data())
def test_a_window_has_as_many_days_of_use_as_were_recorded_in_it(data):
    height, people = data.draw(st.integers(1, 12)), data.draw(st.integers(0, 9))
    cells = st.lists(st.booleans(), min_size=height * people, max_size=height * people)
    used = np.array(data.draw(cells), bool).reshape(height, people)
    columns = np.array(data.draw(st.lists(st.integers(0, people - 1), max_size=9) if people else st.just([])), np.int64)
    days = np.array(data.draw(st.lists(st.integers(FIRST - 3, FIRST + height - 1), max_size=6)), np.int32)
    window = data.draw(st.integers(1, 9))
    plain = [[sum(used[max(0, d - window + 1) : d + 1, c]) if d >= 0 else 0 for c in columns] for d in days - FIRST]
    found = totals(Usage(FIRST, used), 9).of(columns).within(days, window)
    assert found.tolist() == plain
    assert counted(found > 0).tolist() == [sum(value > 0 for value in row) for row in plain]


def test_people_and_days_side_by_side_are_not_copied():
    """With 100,000 people a copy for each question costs more than the answer."""
    whole = totals(Usage(FIRST, np.ones((40, 100), bool)), 28)
    assert np.shares_memory(whole.of(np.arange(10, 30)).running, whole.running)
    assert not np.shares_memory(whole.of(np.array([1, 3])).running, whole.running)


def test_a_window_that_the_totals_do_not_hold_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        totals(Usage(FIRST, np.ones((300, 1), bool)), 255).within(np.array([FIRST + 299], np.int32), 256)
