"""Rebuilt is live: a read model says the same whether it followed each event or was made from zero at the end."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select, update

from events.followers import advance
from events.tables import FOLLOWER
from service.readmodels.registry import READMODELS, ReadModel
from tests.service.api.office import House, Office
from tests.service.readmodels.history import tell


@pytest.fixture(scope="module")
def told(house: House) -> Office:
    office = house.office()
    tell(office)
    office.follow()
    return office


def rows(office: Office, model: ReadModel) -> dict[str, list[tuple[Any, ...]]]:
    with office.takehold.database.read() as connection:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(select(table).where(table.c.workspace_id == office.id))),
                key=repr,
            )
            for table in model.tables
        }


def forget(office: Office, model: ReadModel) -> None:
    """Deletes what the model knows, and how far it has come."""
    with office.takehold.database.write("work", office.id) as connection:
        for table in model.tables:
            connection.execute(delete(table).where(table.c.workspace_id == office.id))
        here = FOLLOWER.c.workspace_id == office.id, FOLLOWER.c.name == model.name
        connection.execute(update(FOLLOWER).where(*here).values(position=0))


@pytest.mark.parametrize("batch", [4, 500])
@pytest.mark.parametrize("model", READMODELS, ids=[model.name for model in READMODELS])
def test_made_from_zero_it_says_what_it_said_live(told: Office, model: ReadModel, batch: int) -> None:
    live = rows(told, model)
    assert any(live.values()), "the history tells this read model nothing"
    others = {other.name: rows(told, other) for other in READMODELS if other is not model}
    forget(told, model)
    assert not any(rows(told, model).values())
    while advance(told.takehold.database, told.id, [model], batch):
        pass
    assert rows(told, model) == live
    assert {other.name: rows(told, other) for other in READMODELS if other is not model} == others


def test_all_are_at_the_head_and_none_was_stopped(told: Office) -> None:
    with told.takehold.database.read() as connection:
        found = connection.execute(
            select(FOLLOWER).where(
                FOLLOWER.c.workspace_id == told.id, FOLLOWER.c.name.in_([model.name for model in READMODELS])
            )
        ).all()
    head = told.events()[-1].position
    assert {row.name: (row.position, row.stopped) for row in found} == {m.name: (head, None) for m in READMODELS}


def test_no_two_read_models_write_the_same_table() -> None:
    tables = [table.name for model in READMODELS for table in model.tables]
    assert len(set(tables)) == len(tables)
    assert len({model.name for model in READMODELS}) == len(READMODELS)


def test_a_workspace_is_rebuilt_without_touching_another(house: House, told: Office) -> None:
    office = house.office()
    tell(office)
    before = {model.name: rows(told, model) for model in READMODELS}
    for model in READMODELS:
        forget(office, model)
    office.takehold.catch_up(office.id)
    assert {model.name: rows(told, model) for model in READMODELS} == before
