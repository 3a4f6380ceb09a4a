"""What a source reported by mistake, or an import in its name, counts no longer, to the last use, and can be brought
back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from events.envelope import new_id
from events.tables import SOURCE, USAGE
from events.types.usage import UsageRetracted
from service.intake.store import Use, store
from tests.service.api.office import Office
from tests.service.intake.dialects.apps import NOON, YESTERDAY, App, active, team, undo

__all__ = ["team"]

NOON_MS = int(datetime.fromisoformat(NOON).timestamp() * 1000)


def imported(office: Office, *actors: str, source: str = "assistant") -> UUID:
    """An import in the name of a source, of one use of each actor; its id."""
    id = new_id()
    uses = [Use(f"row {actor}", "assistant", "asked", actor, NOON_MS) for actor in actors]
    store(office.takehold, office.id, source, uses, import_id=id)
    office.follow()
    return id


def retract(office: Office, id: UUID, **days: str) -> str:
    """Retracts an import; the event that says so."""
    answer = office.alice.post(f"/imports/{id}/retractions", {"reason": "the wrong file", **days})
    assert answer.status_code == 201, answer.text
    office.follow()
    return answer.get_json()["event_id"]  # type: ignore[no-any-return]


def test_a_retraction_removes_exactly_what_a_source_reported_and_can_be_undone(team: Office) -> None:
    other = App(team, "browser")
    other.say(*other.used("p10", properties={"app": "assistant"}), *other.used("p11", properties={"app": "assistant"}))
    assert active(team) == 11
    answer = team.alice.post("/sources/browser/retractions", {"reason": "a test of ours"})
    assert answer.status_code == 201, answer.text
    team.follow()
    assert active(team) == 10, "p10 was seen by both"
    undo(team, UsageRetracted)
    assert active(team) == 11


def test_what_is_sent_again_after_a_retraction_counts(team: Office) -> None:
    other = App(team, "browser")
    messages = other.used("p11", properties={"app": "assistant"})
    other.say(*messages)
    team.alice.post("/sources/browser/retractions", {"reason": "wrong clock"})
    team.follow()
    assert active(team) == 10
    for _ in range(2):
        other.say(*messages)
    assert active(team) == 11


def test_what_is_sent_again_after_a_retraction_was_undone_is_known_already(team: Office) -> None:
    """It once counted twice: the source had gone on as another, to which everything was new."""
    other = App(team, "browser")
    messages = other.used("p11", properties={"app": "assistant"})
    other.say(*messages)
    before = stored(team)
    for _ in range(2):
        team.alice.post("/sources/browser/retractions", {"reason": "wrong clock"})
        undo(team, UsageRetracted)
        other.say(*messages)
    assert (active(team), stored(team)) == (11, before)


def test_a_retraction_of_other_days_makes_nothing_new(team: Office) -> None:
    other = App(team, "browser")
    messages = other.used("p11", properties={"app": "assistant"})
    other.say(*messages)
    before = stored(team)
    for days in ({"to": "2026-01-01"}, {"received": "2026-01-01"}):
        assert team.alice.post("/sources/browser/retractions", {"reason": "x", **days}).status_code == 201
        other.say(*messages)
    assert stored(team) == before
    # Of the days that are retracted it counts again, and once.
    today = {"received": datetime.now(UTC).date().isoformat()}
    assert team.alice.post("/sources/browser/retractions", {"reason": "x", **today}).status_code == 201
    for _ in range(2):
        other.say(*messages)
    assert (active(team), stored(team)) == (11, before + len(messages))


def stored(team: Office) -> int:
    """Observations of the browser, those that were retracted included."""
    with team.takehold.database.read() as connection:
        of = select(SOURCE.c.source_id).where(SOURCE.c.workspace_id == team.id, SOURCE.c.name == "browser")
        here = USAGE.c.workspace_id == team.id, USAGE.c.source_id.in_(of)
        return connection.scalar(select(func.count()).where(*here)) or 0


def test_days_outside_a_retraction_stay(team: Office) -> None:
    other = App(team, "browser")
    other.say(*other.used("p11", properties={"app": "assistant"}))
    tomorrow = (YESTERDAY + timedelta(days=1)).isoformat()
    for days in ({"from": tomorrow}, {"to": "2026-01-01"}, {"received": "2026-01-01"}):
        assert team.alice.post("/sources/browser/retractions", {"reason": "x", **days}).status_code == 201
    team.follow()
    assert active(team) == 11
    day = YESTERDAY.isoformat()
    assert team.alice.post("/sources/browser/retractions", {"reason": "x", "from": day, "to": day}).status_code == 201
    team.follow()
    assert active(team) == 10


def test_a_retraction_of_nothing_or_of_days_that_go_backwards_is_refused(team: Office) -> None:
    assert team.alice.post("/sources/nobody/retractions", {"reason": "x"}).get_json()["code"] == "unknown_source"
    backwards = {"reason": "x", "from": "2026-03-02", "to": "2026-03-01"}
    answer = team.alice.post("/sources/assistant/retractions", backwards)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "to")
    assert not any(isinstance(recorded.event, UsageRetracted) for recorded in team.events())


def test_one_import_is_retracted_and_all_else_that_its_source_told_that_day_stays(team: Office) -> None:
    wrong, right = imported(team, "p10", "p11"), imported(team, "p12")
    assert active(team) == 12
    retract(team, wrong)
    assert active(team) == 11, "p10 was seen by the source itself, p12 by the other import"
    undo(team, UsageRetracted)
    assert active(team) == 12
    retract(team, right)
    assert active(team) == 11


def test_what_a_retracted_import_told_counts_once_when_another_or_the_source_itself_tells_it(team: Office) -> None:
    retract(team, imported(team, "p11", "p12"))
    assert active(team) == 10
    imported(team, "p11")
    use = Use("row p12", "assistant", "asked", "p12", NOON_MS)
    for new in (True, False):
        assert store(team.takehold, team.id, "assistant", [use, use]) == [new, False]
    team.follow()
    assert active(team) == 12


def test_an_import_that_is_brought_back_is_known_again(team: Office) -> None:
    """A retraction that was undone leaves no trace: the same file adds nothing, as it never did."""
    retract(team, imported(team, "p11"))
    undo(team, UsageRetracted)
    assert store(team.takehold, team.id, "assistant", [Use("row p11", "assistant", "asked", "p11", NOON_MS)]) == [False]


def test_of_an_import_some_days_can_be_retracted(team: Office) -> None:
    id, tomorrow = imported(team, "p11"), (YESTERDAY + timedelta(days=1)).isoformat()
    retract(team, id, **{"from": tomorrow})
    assert active(team) == 11
    assert store(team.takehold, team.id, "assistant", [Use("row p11", "assistant", "asked", "p11", NOON_MS)]) == [False]
    retract(team, id, to=YESTERDAY.isoformat())
    assert active(team) == 10


def test_a_retraction_of_an_import_that_is_said_twice_is_one(team: Office) -> None:
    id = imported(team, "p11")
    assert retract(team, id) == retract(team, id)
    assert len(team.events(UsageRetracted)) == 1
    undo(team, UsageRetracted)
    assert active(team) == 11
    retract(team, id)
    assert active(team) == 10


def test_a_source_is_retracted_with_its_imports(team: Office) -> None:
    imported(team, "p11", source="browser")
    assert active(team) == 11
    assert team.alice.post("/sources/browser/retractions", {"reason": "x"}).status_code == 201
    team.follow()
    assert active(team) == 10
    imported(team, "p11", source="browser")
    assert active(team) == 11


def test_an_import_that_is_unknown_or_brought_nothing_cannot_be_retracted(team: Office) -> None:
    imported(team, "p11")
    # The same rows again.
    for id in (new_id(), imported(team, "p11")):
        answer = team.alice.post(f"/imports/{id}/retractions", {"reason": "x"})
        assert (answer.status_code, answer.get_json()["code"]) == (404, "unknown_import")
    assert not team.events(UsageRetracted)
