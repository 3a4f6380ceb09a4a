"""The hash chain finds whatever was changed, and at its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from events.appending import append
from events.catalog import encode
from events.chain import GENESIS, link
from events.database import Database
from events.envelope import Who
from events.log import first_broken_link, head
from events.types.adkar import Assessed, Scores
from events.types.change import RoleImpacted
from events.types.people import PersonConfirmed
from tests.events.cast import CHAMPION, HOME, NOON, fact, rows_of, tell

HEAD = "df5f13259167b1d9e3236657923be43fb2cbc1c0baa93da7518295b46621d0cc"
ALICE, BOB = (UUID(int=number) for number in (1, 2))
TOLD = (
    fact(ALICE, PersonConfirmed(person=ALICE), event_id=UUID(int=11)),
    fact(
        BOB,
        RoleImpacted(change=ALICE, role=BOB, key="ärzte", name="Ärztinnen\n", courses=("b", "a")),
        event_id=UUID(int=12),
        at=NOON.replace(microsecond=7),
    ),
    fact(
        ALICE,
        Assessed(change=ALICE, person=BOB, role=None, source="self", scores=Scores(desire=2), method="pulse"),
        event_id=UUID(int=13),
    ),
)
COLUMNS = (
    "workspace_id position stream stream_version event_id type schema_version data actor via import_id app_version"
    " correlation causation occurred_at recorded_at hash"
).split()


class Copy:
    """A row that can be changed, unlike one in the database."""

    def __init__(self, values: Any) -> None:
        self._mapping = dict(values)

    def __getattr__(self, name: str) -> Any:
        return self._mapping[name]

    def but(self, **changes: Any) -> Copy:
        return Copy(self._mapping | changes)


def chained() -> list[Copy]:
    """Three rows as the log would hold them, without a database."""
    rows: list[Copy] = []
    for position, told in enumerate(TOLD, start=1):
        values: dict[str, Any] = dict.fromkeys(COLUMNS) | {
            "workspace_id": HOME,
            "position": position,
            "stream": told.stream,
            "stream_version": 1,
            "event_id": told.event_id,
            "type": told.event.wire,
            "schema_version": 1,
            "data": encode(told.event),
            "actor": "key:abcd",
            "via": "api",
            "app_version": "0.1.0",
            "occurred_at": told.occurred_at,
            "recorded_at": NOON,
        }
        rows.append(Copy(values | {"hash": link(rows[-1].hash if rows else GENESIS, values)}))
    return rows


def history(database: Database) -> list[Copy]:
    """Three events of fixed ids and instants, appended and read back."""
    with time_machine.travel(NOON, tick=False), database.write("events", HOME) as connection:
        append(connection, HOME, TOLD[:1], CHAMPION)
        imported = Who(actor="system", via="import", import_id=BOB, correlation=ALICE, causation=BOB)
        append(connection, HOME, TOLD[1:], imported)
    return [Copy(row._mapping) for row in rows_of(database)]


def broken(rows: Sequence[Copy], previous: str = GENESIS) -> int | None:
    return first_broken_link(rows, previous)  # type: ignore[arg-type]


def test_an_untouched_chain_holds_in_one_go_and_page_by_page(database: Database) -> None:
    rows = history(database)
    assert [list(row._mapping) for row in rows] == [COLUMNS] * 3
    assert broken(rows) is None
    assert broken(rows[1:], rows[0].hash) is None
    assert broken([]) is None
    with database.read() as connection:
        assert head(connection, HOME)[:2] == (3, rows[-1].hash)


def test_equal_facts_give_equal_hashes_on_either_engine_and_for_ever(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number stands here because a log of years ago must still verify with the program of today."""
    monkeypatch.setattr("events.appending._APP_VERSION", "0.1.0")
    assert history(database)[-1].hash == HEAD


def test_a_hash_can_be_recomputed_by_anybody_who_reads_how_it_is_made(database: Database) -> None:
    previous = bytes(32)
    for row in history(database):
        values = dict(row._mapping)
        data, stated = values.pop("data"), values.pop("hash")
        header = {
            name: value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, datetime) else value
            for name, value in values.items()
        }
        text = json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
        previous = sha256(previous + text.encode() + sha256(data.encode()).digest()).digest()
        assert previous.hex() == stated


def test_each_workspace_has_a_chain_of_its_own(database: Database) -> None:
    history(database)
    tell(database, fact(), workspace="elsewhere")
    rows = rows_of(database, "elsewhere")
    assert first_broken_link(rows) is None


def test_a_hash_covers_every_column_but_itself() -> None:
    other: dict[type, Callable[[Any], Any]] = {
        str: lambda value: value + "x",
        int: lambda value: value + 1,
        UUID: lambda value: UUID(int=value.int ^ 1),
        datetime: lambda value: value + timedelta(microseconds=1),
        type(None): lambda _: ALICE,
    }
    first, second, _ = chained()
    for previous, row in ((GENESIS, first), (first.hash, second)):
        for name in COLUMNS[:-1]:
            value = row._mapping[name]
            assert link(previous, row.but(**{name: other[type(value)](value)})._mapping) != row.hash, name


def test_a_row_that_is_missing_moved_or_repeated_is_found_at_its_place() -> None:
    first, second, third = chained()
    assert broken([second, third]) == 2
    assert broken([first, third]) == 3
    assert broken([second, first, third]) == 2
    assert broken([first, first, second]) == 1
    assert broken([first, second, second]) == 2


def test_rows_swapped_and_renumbered_are_found() -> None:
    first, second, third = chained()
    assert broken([first, third.but(position=2), second.but(position=3)]) == 2


def test_a_spoilt_hash_is_found_at_its_place() -> None:
    first, second, third = chained()
    assert broken([first, second.but(hash="not even a number"), third]) == 2


@settings(max_examples=150, deadline=None)
@given(chance=st.data())
def test_one_changed_character_in_any_row_is_found_at_its_position(chance: st.DataObject) -> None:
    rows = chained()
    at = chance.draw(st.integers(0, len(rows) - 1))
    name = chance.draw(st.sampled_from([name for name in COLUMNS if isinstance(rows[at]._mapping[name], str)]))
    text = rows[at]._mapping[name]
    place = chance.draw(st.integers(0, len(text) - 1))
    letter = chance.draw(st.characters(exclude_categories=["Cs"], exclude_characters=text[place]))
    rows[at] = rows[at].but(**{name: text[:place] + letter + text[place + 1 :]})
    assert broken(rows) == at + 1
