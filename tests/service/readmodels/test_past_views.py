"""A past view never changes: whatever is recorded later, what was known at a position stays what it was."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, delete, update

from events.followers import advance
from events.tables import FOLLOWER
from service.readmodels.assessments import assessments_of
from service.readmodels.links import links
from service.readmodels.members import members_of
from service.readmodels.registry import READMODELS
from service.readmodels.stages import stages_of
from service.readmodels.trainings import trainings_in
from tests.service.api.office import Office
from tests.service.readmodels.history import CHANGE, OTHER, tell

# How a row is kept, not what it says.
BOOKKEEPING = {"until_position", "generation", "withdrawn"}


def seen(connection: Connection, workspace_id: str, at: int | None) -> dict[str, list[Any]]:
    """Everything that can be asked about a past position, or about now."""

    def plain(rows: Any) -> list[Any]:
        return [
            tuple(value for name, value in row._mapping.items() if name not in BOOKKEEPING)
            if hasattr(row, "_mapping")
            else row
            for row in rows
        ]

    return {
        "members": plain(members_of(connection, workspace_id, CHANGE, at)),
        "other members": plain(members_of(connection, workspace_id, OTHER, at)),
        "assessments": plain(assessments_of(connection, workspace_id, CHANGE, at)),
        "stages": plain(stages_of(connection, workspace_id, CHANGE, at)),
        "trainings": plain(trainings_in(connection, workspace_id, ["basics", "ethics"], at)),
        "links": sorted(plain(links(connection, workspace_id, at))),
    }


def forget_everything(office: Office) -> None:
    with office.takehold.database.write("work", office.id) as connection:
        for table in (table for model in READMODELS for table in model.tables):
            connection.execute(delete(table).where(table.c.workspace_id == office.id))
        names = [model.name for model in READMODELS]
        here = FOLLOWER.c.workspace_id == office.id, FOLLOWER.c.name.in_(names)
        connection.execute(update(FOLLOWER).where(*here).values(position=0))


def test_after_each_event_every_earlier_view_is_as_it_was(office: Office) -> None:
    tell(office)
    forget_everything(office)
    views: list[dict[str, list[Any]]] = []
    database = office.takehold.database
    for recorded in [None, *office.events()]:
        if recorded:
            assert advance(database, office.id, READMODELS, 1) == 1
        with database.read() as connection:
            views.append(seen(connection, office.id, None))
            head = len(views) - 1
            assert seen(connection, office.id, head) == views[head], "the view at the head is the view of now"
            # Looking back at every position after every event would take a minute; at the end all are looked at.
            for at in range(max(0, head - 2), head):
                assert seen(connection, office.id, at) == views[at], (at, recorded)
    with database.read() as connection:
        for at, before in enumerate(views):
            assert seen(connection, office.id, at) == before, at
    assert not any(views[0].values())
    assert all(views[-1].values())
    assert sum(one != other for one, other in pairwise(views)) > 15
