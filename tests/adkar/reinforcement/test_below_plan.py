from datetime import UTC, date, datetime

from adkar.reinforcement.below_plan import below_plan
from tests.adkar.reinforcement.cast import CLAIMS, COPILOT, GO_LIVE, MARA, ada, claims, week

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
BAD = (week(0, 0.2), week(1, 0.3))


def test_mara_hears_of_her_role_after_two_weeks_below_plan():
    assert below_plan(claims(weeks=BAD[:1]), NOW) == []
    [reminder] = below_plan(claims(weeks=BAD), NOW)
    assert (reminder.rule, reminder.audience, reminder.recipient) == ("below_plan", "manager", MARA)
    assert reminder.cause == f"below_plan:{COPILOT}:{CLAIMS}:2026-03-15"
    assert reminder.facts == {
        "change": "Copilot",
        "role": "Claims",
        "rate": 0.3,
        "plan": 0.5,
        "eligible": 20,
        "week": "2026-03-15",
    }


def test_the_alert_is_about_the_group_and_names_nobody():
    [reminder] = below_plan(claims([ada()], BAD), NOW)
    assert reminder.subject is None
    assert str(ada().person) not in reminder.cause


def test_a_longer_firing_keeps_its_cause_and_tells_the_newest_week():
    [reminder] = below_plan(claims(weeks=(*BAD, week(2, 0.1))), NOW)
    assert reminder.cause.endswith(":2026-03-15")
    assert (reminder.facts["rate"], reminder.facts["week"]) == (0.1, "2026-03-22")


def test_each_week_is_held_against_the_plan_of_its_own_day():
    """Against the final target a role that is ahead of a plan still growing would look like a failure."""
    growing = claims(weeks=BAD, target_by=date(2026, 12, 31))
    assert below_plan(growing, NOW) == []
    assert len(below_plan(claims(weeks=BAD, target_by=date(2026, 12, 31), baseline=0.4), NOW)) == 1


def test_nothing_is_said_once_the_rate_reached_the_plan():
    assert below_plan(claims(weeks=(*BAD, week(2, 0.5))), NOW) == []


def test_nothing_is_said_while_the_latest_week_is_unknown_and_the_same_cause_returns():
    gap = (*BAD, week(2, 0.1, status="unknown"))
    assert below_plan(claims(weeks=gap), NOW) == []
    [again] = below_plan(claims(weeks=(*gap, week(3, 0.1))), NOW)
    assert again.cause.endswith(":2026-03-15")


def test_nothing_is_said_about_a_group_below_the_minimum():
    small = (week(0, 0.2, eligible=9, mature=9), week(1, 0.3, eligible=9, mature=9))
    young = (week(0, 0.2, mature=9), week(1, 0.3, mature=9))
    assert below_plan(claims(weeks=small), NOW) == []
    assert below_plan(claims(weeks=young), NOW) == []
    assert len(below_plan(claims(weeks=small, minimum=9), NOW)) == 1


def test_without_a_manager_the_alert_is_raised_for_whoever_subscribes():
    [reminder] = below_plan(claims(weeks=BAD, manager=None), NOW)
    assert reminder.recipient is None


def test_a_role_without_a_complete_week_says_nothing():
    assert below_plan(claims(go_live=GO_LIVE), NOW) == []
