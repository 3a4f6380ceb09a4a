"""Web and worker processes are killed while apps speak every dialect: what was acknowledged counts, and counts once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from events.log import read
from events.tables import SOURCE, USAGE
from events.types.training import TrainingRecorded
from events.usage_log import dedupe_key
from service.app import create_app
from service.commands.trainings import training_id
from service.intake.dialects.quarantine import item_hash
from service.intake.dialects.registry import DIALECTS, RECORDERS
from service.intake.tables import QUARANTINE
from service.intake.xapi.statement import reference
from service.intake.xapi.tables import STATEMENT
from service.organisation import issue_key
from service.readmodels.trainings import trainings_in
from service.takehold import Takehold
from tests.faults.apps import RECORDED, WAYS, App, LearningSystem
from tests.faults.insisting import Sender
from tests.faults.killed import write_and_kill
from tests.faults.office import PEOPLE, launch
from tests.faults.stores import HOME, fresh_store
from tests.faults.trust import assert_trusted
from tests.service.conftest import Caller

_CHANGE = "/changes/dialects"
_XAPI = "xapi"


def run(engine: str, full: bool) -> list[str]:
    """120 kills over at least 40,000 acknowledgements; short: 4 over 2,000."""
    kills, acknowledgements = (120, 40_000) if full else (4, 2_000)
    assert {way.dialect for way in WAYS} == {dialect.NAME for dialect in DIALECTS}
    assert set(RECORDED) == {recorder.NAME for recorder in RECORDERS}
    with fresh_store(engine) as store:
        with store.opened() as takehold:
            launch(takehold)
            _launch_dialects(takehold)
        keys = {name: store.key("app", name) for name in (*(way.name for way in WAYS), _XAPI)}
        apps, systems = list[App](), list[LearningSystem]()

        def gather(addresses: Sequence[str]) -> Sequence[Sender]:
            apps.extend(App(way, number, addresses, keys[way.name]) for number, way in enumerate(WAYS))
            systems.extend(LearningSystem(number, addresses, keys[_XAPI]) for number in (100, 101))
            return [*apps, *systems]

        begun = time.monotonic()
        crowd = write_and_kill(store, gather, kills, acknowledgements, webs=2 if full else 1)
        seconds = time.monotonic() - begun
        assert all(sender.acknowledged for sender in (*apps, *systems)), "somebody never came to a turn"
        unanswered, busy = crowd.total("unanswered"), crowd.total("busy")
        assert unanswered or not full, "no request was hit by a kill"
        with store.opened() as takehold:
            _assert_uses(takehold, apps)
            held = _assert_quarantined(takehold, apps, systems)
            assert_trusted(takehold)
            trainings = _assert_trainings(takehold, systems)
            actions = _assert_adoption(takehold, apps)
    return [
        f"{len(WAYS) + 1} protocols, {kills} kills in {seconds:.0f} s, {crowd.total('acknowledged')} acknowledged, "
        f"{unanswered} requests unanswered, {busy} busy; once each: {actions} uses in adoption, {trainings} trainings, "
        f"{held} in quarantine"
    ]


def _launch_dialects(takehold: Takehold) -> None:
    """A change that counts what all these apps report, and asks for the course that is taken."""
    alice, today = _alice(takehold), datetime.now(UTC).date()
    change = {
        "key": "dialects",
        "name": "Dialects",
        "go_live": (today - timedelta(days=60)).isoformat(),
        "target": {"rate": 0.8, "by": (today + timedelta(days=60)).isoformat()},
        "adoption": {"features": [{"app": way.name} for way in WAYS], "window_days": 7, "min_days": 1},
    }
    # On most days of the week three days of use would be too few to judge a week by.
    since = {"since": (today - timedelta(days=1)).isoformat()}
    assert all(alice.put(f"/sources/{way.name}", since).status_code == 204 for way in WAYS)
    assert alice.post("/changes", change).status_code == 201
    assert alice.post(f"{_CHANGE}/roles", {"key": "sales", "name": "Sales", "courses": ["basics"]}).status_code == 201
    for person in PEOPLE:
        placed = alice.put(f"{_CHANGE}/roles/sales/members/{person}", {"from": "2024-01-01"})
        assert placed.status_code == 204


def _assert_uses(takehold: Takehold, apps: Sequence[App]) -> None:
    with takehold.database.read() as connection:
        here = SOURCE.c.workspace_id == HOME
        sources = {row.name: row.source_id for row in connection.execute(select(SOURCE).where(here))}
        kept = [bytes(k) for k in connection.scalars(select(USAGE.c.k).where(USAGE.c.workspace_id == HOME))]
    sent = [
        dedupe_key(sources[app.way.name], app.way.kept(one.id), int(one.at.timestamp()) * 1000)
        for app in apps
        for one in app.uses
    ]
    assert Counter(kept) == Counter(sent), "what is stored is not what was acknowledged"


def _assert_quarantined(takehold: Takehold, apps: Sequence[App], systems: Sequence[LearningSystem]) -> int:
    vault = takehold.vault
    sent = [item_hash(vault, HOME, app.way.dialect, app.way.name, one) for app in apps for one in app.unplaced]
    sent += [item_hash(vault, HOME, _XAPI, _XAPI, reference(UUID(id))) for one in systems for id in one.unplaced]
    with takehold.database.read() as connection:
        kept = connection.scalars(select(QUARANTINE.c.item_hash).where(QUARANTINE.c.workspace_id == HOME)).all()
    assert Counter(kept) == Counter(sent), "what is in quarantine is not what had no place"
    return len(kept)


def _assert_trainings(takehold: Takehold, systems: Sequence[LearningSystem]) -> int:
    steps = [id for one in systems for id in one.steps]
    recorded, position = Counter[UUID](), 0
    with takehold.database.read() as connection:
        while events := read(connection, HOME, position, 1000, types=[TrainingRecorded.wire]):
            position = events[-1].position
            recorded.update(one.event_id for one in events)
        told = connection.scalars(select(STATEMENT.c.statement_id).where(STATEMENT.c.workspace_id == HOME)).all()
        counted = len(trainings_in(connection, HOME, ["basics"]))
    assert recorded == Counter(training_id(HOME, _XAPI, id) for id in steps)
    assert Counter(map(str, told)) == Counter([*steps, *(id for one in systems for id in one.unplaced)])
    assert counted == len(steps)
    return counted


def _assert_adoption(takehold: Takehold, apps: Sequence[App]) -> int:
    """The funnel says who was active, and how many actions each of them had in the window."""
    answer = _alice(takehold).get(f"{_CHANGE}/funnel")
    assert answer.status_code == 200, answer.text
    found, uses = answer.get_json()["funnel"], [one for app in apps for one in app.uses]
    active = len({one.actor for one in uses})
    assert (found["status"], found["active"]) == ("known", active), found
    assert round(found["depth"]["actions"] * active, 3) == len(uses), found
    return len(uses)


def _alice(takehold: Takehold) -> Caller:
    return Caller(create_app(takehold).test_client(), issue_key(takehold, HOME, "admin"))
