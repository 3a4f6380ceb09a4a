"""Who an actor is: what apps say of it counts from then on, and what was wrong is undone without a trace in figures."""

from __future__ import annotations

from datetime import UTC, datetime

from events.types.people import ActorLinked, ActorsMerged
from tests.service.api.office import Office
from tests.service.intake.dialects.apps import App, active, team, undo, unknown

__all__ = ["team"]


def test_an_alias_counts_for_the_person_until_it_is_undone_and_then_no_more(team: Office) -> None:
    app = App(team)
    app.say(*app.used("visitor", 3))
    assert (active(team), unknown(team)) == (10, 1)
    alias = {"type": "alias", "previousId": "visitor", "userId": "p11"}
    app.say(alias)
    assert active(team) == 11
    undo(team, ActorsMerged)
    assert active(team) == 10
    app.say(alias)
    assert active(team) == 10, "what somebody undid stays undone, though the app says it again"


def test_who_signs_in_is_who_was_there_before(team: Office) -> None:
    app = App(team)
    app.say(*app.used("anonymous:device"))
    assert active(team) == 10
    app.say({"type": "identify", "userId": "p12", "anonymousId": "device"})
    assert active(team) == 11


def test_merges_reach_over_several_names_and_count_a_person_once(team: Office) -> None:
    app = App(team)
    app.say(*app.used("a"), *app.used("b"), *app.used("c"), *app.used("p11"))
    app.say(*({"type": "alias", "previousId": one, "userId": other} for one, other in (("a", "b"), ("b", "c"))))
    assert active(team) == 11
    app.say({"type": "alias", "previousId": "c", "userId": "p11"})
    assert active(team) == 11
    undo(team, ActorsMerged)
    assert active(team) == 11


def test_names_that_are_two_people_are_nobody(team: Office) -> None:
    """Whose use it was would be a guess."""
    app = App(team)
    app.say(*app.used("shared"), {"type": "alias", "previousId": "shared", "userId": "p11"})
    assert active(team) == 11
    app.say({"type": "alias", "previousId": "shared", "userId": "p12"})
    assert active(team) == 10


def test_an_address_proves_who_somebody_is_only_where_that_was_agreed(team: Office) -> None:
    app = App(team)
    app.say(*app.used("u-77"), {"type": "identify", "userId": "u-77", "traits": {"email": "P12@Example.org"}})
    assert (active(team), unknown(team)) == (10, 1)
    assert team.alice.put("/sources/assistant", {"emails_verified": True}).status_code == 204
    team.follow()
    assert (active(team), unknown(team)) == (11, 0)
    undo(team, ActorLinked)
    assert active(team) == 10


def test_an_address_that_comes_before_its_person_links_them_later(team: Office) -> None:
    app = App(team)
    assert team.alice.put("/sources/assistant", {"emails_verified": True}).status_code == 204
    app.say(*app.used("u-78"), {"type": "identify", "userId": "u-78", "traits": {"email": "late@example.org"}})
    assert unknown(team) == 1
    team.alice.post("/people", [{"external_id": "p13", "email": "late@example.org"}])
    team.follow()
    assert unknown(team) == 0


def test_before_it_was_known_a_merge_did_not_count(team: Office) -> None:
    app = App(team)
    app.say(*app.used("visitor"))
    before = datetime.now(UTC)
    app.say({"type": "alias", "previousId": "visitor", "userId": "p11"})
    assert active(team) == 11
    assert active(team, as_of=before.isoformat()) == 10
