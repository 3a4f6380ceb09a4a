from datetime import date, timedelta

import pytest

from adkar.due import DueStatus, alerts, due_status
from adkar.elements import ELEMENTS, Barrier, Element

ANNOUNCED = date(2026, 1, 5)
ACCESS = date(2026, 3, 2)
GO_LIVE = date(2026, 3, 9)


def status(element: Element, day: date) -> DueStatus:
    return due_status(element, day, ANNOUNCED, ACCESS, GO_LIVE)


@pytest.mark.parametrize(
    ("element", "start", "days", "before"),
    [
        ("awareness", ANNOUNCED, 14, "not due"),
        ("desire", ANNOUNCED, 28, "not due"),
        ("knowledge", ACCESS, 0, "not due"),
        ("ability", ACCESS, 28, "not due"),
        ("reinforcement", GO_LIVE, 56, "not applicable"),
    ],
)
def test_an_element_is_due_from_its_day_through_the_last_day_allowed(
    element: Element, start: date, days: int, before: DueStatus
) -> None:
    last = start + timedelta(days=days)
    assert status(element, start - timedelta(days=1)) == before
    assert status(element, start) == "due"
    assert status(element, last) == "due"
    assert status(element, last + timedelta(days=1)) == "overdue"


@pytest.mark.parametrize("element", ELEMENTS)
def test_an_element_without_its_day_is_not_due(element: Element) -> None:
    expected = "not applicable" if element == "reinforcement" else "not due"
    assert due_status(element, date(2030, 1, 1), None, None, None) == expected


def test_a_knowledge_barrier_before_access_is_expected_and_alerts_nobody() -> None:
    before = ACCESS - timedelta(days=30)
    assert status("knowledge", before) == "not due"
    assert not alerts("knowledge", before, ANNOUNCED, ACCESS, GO_LIVE)


def test_reinforcement_before_go_live_is_not_applicable_rather_than_late_or_low() -> None:
    assert status("reinforcement", ACCESS) == "not applicable"
    assert not alerts("reinforcement", ACCESS, ANNOUNCED, ACCESS, GO_LIVE)


@pytest.mark.parametrize("element", ELEMENTS)
def test_only_an_overdue_barrier_alerts(element: Element) -> None:
    days = [ANNOUNCED + timedelta(days=d) for d in range(-10, 200)]
    alerting = [day for day in days if alerts(element, day, ANNOUNCED, ACCESS, GO_LIVE)]
    assert alerting == [day for day in days if status(element, day) == "overdue"]
    assert alerting


@pytest.mark.parametrize("barrier", [None, "indeterminate"])
def test_no_barrier_and_an_unknown_one_never_alert(barrier: Barrier) -> None:
    assert not alerts(barrier, date(2030, 1, 1), ANNOUNCED, ACCESS, GO_LIVE)
