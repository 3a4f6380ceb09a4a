"""Every event type can be written, read, and found again years later."""

from __future__ import annotations

import importlib
import json
import math
import pkgutil
import re
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import events.types
from events.catalog import CATALOG, UnknownEvent, decode, encode
from events.sealed import Sealed
from events.types.adkar import Assessed, Scores
from events.types.base import Event
from events.types.change import RoleImpacted
from events.types.people import ActorLinked, PersonConfirmed
from events.types.reinforcement import ChannelDisabled, ReminderRaised, ReminderSnoozed
from tests.events.builders import values_of

SAMPLES: dict[str, dict[str, dict[str, Any]]] = json.loads(
    Path(__file__).with_name("samples.json").read_text(encoding="utf-8")
)
NAMES = [kind.wire for kind in CATALOG]
ALICE = UUID("00000000-0000-4000-8000-00000000a11c")


def declared() -> list[type]:
    """Every dataclass that a module of event types declares itself."""
    modules = [
        importlib.import_module(f"events.types.{found.name}") for found in pkgutil.iter_modules(events.types.__path__)
    ]
    found = {
        thing
        for module in modules
        for thing in vars(module).values()
        if is_dataclass(thing) and isinstance(thing, type) and thing.__module__ == module.__name__
    } - {Event}
    return sorted(found, key=lambda kind: kind.__name__)


def in_utc(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.astimezone(UTC) if isinstance(value, datetime) else value for name, value in values.items()}


PARTS = [kind for kind in declared() if not issubclass(kind, Event)]


@pytest.mark.parametrize("kind", CATALOG, ids=NAMES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_an_event_is_read_back_as_it_was_written(kind: type[Event], data: st.DataObject) -> None:
    values = data.draw(values_of(kind))
    text = encode(kind(**values))
    again = decode(kind.wire, kind.version, text)
    assert again == kind(**in_utc(values))
    assert type(again) is kind
    assert encode(again) == text


@pytest.mark.parametrize("kind", CATALOG, ids=NAMES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_the_text_does_not_depend_on_how_an_event_was_put_together(kind: type[Event], data: st.DataObject) -> None:
    values = data.draw(values_of(kind))
    backwards = {
        name: dict(reversed(value.items())) if isinstance(value, dict) else value
        for name, value in reversed(values.items())
    }
    assert encode(kind(**in_utc(backwards))) == encode(kind(**values))


@pytest.mark.parametrize("kind", CATALOG, ids=NAMES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_other_events_have_other_texts(kind: type[Event], data: st.DataObject) -> None:
    one, other = (kind(**in_utc(data.draw(values_of(kind)))) for _ in range(2))
    assume(one != other)
    assert encode(one) != encode(other)


def test_the_text_is_canonical_json() -> None:
    role = RoleImpacted(change=ALICE, role=ALICE, key="ärzte", name='a "role"', courses=("b", "a"))
    assert encode(role) == (
        '{"champions":[],"change":"00000000-0000-4000-8000-00000000a11c","courses":["b","a"],"expected":null,'
        '"key":"ärzte","manager":null,"name":"a \\"role\\"","role":"00000000-0000-4000-8000-00000000a11c"}'
    )


def test_a_whole_number_of_a_float_field_is_written_as_a_float() -> None:
    said = {"change": ALICE, "person": ALICE, "role": None, "source": "self", "method": "pulse"}
    assert encode(Assessed(scores=Scores(ability=3), **said)) == encode(Assessed(scores=Scores(ability=3.0), **said))  # type: ignore[arg-type]


SPOILT: dict[str, Event] = {
    "a naive instant": ReminderSnoozed(reminder=ALICE, until=datetime(2026, 3, 2)),  # noqa: DTZ001
    "not a number": Assessed(
        change=ALICE, person=ALICE, role=None, source="self", scores=Scores(ability=math.nan), method="pulse"
    ),
    "infinity": Assessed(
        change=ALICE, person=ALICE, role=None, source="self", scores=Scores(ability=math.inf), method="pulse"
    ),
    "a lone surrogate": ChannelDisabled(channel=ALICE, reason="\ud800"),
    "a text for an id": PersonConfirmed(person="alice"),  # type: ignore[arg-type]
    "a text for a number": ActorLinked(account="7", person=ALICE),  # type: ignore[arg-type]
    "an unknown choice": replace(
        Assessed(change=ALICE, person=ALICE, role=None, source="self", scores=Scores(), method="pulse"),
        source="nobody",  # type: ignore[arg-type]
    ),
    "a truth for a figure": ReminderRaised(
        reminder=ALICE,
        change=ALICE,
        role=ALICE,
        rule="low",
        cause="low",
        audience="manager",
        subject=None,
        recipient=None,
        facts={"breach": True},
        due=datetime(2026, 3, 2, tzinfo=UTC),
    ),
}


@pytest.mark.parametrize("event", SPOILT.values(), ids=list(SPOILT))
def test_what_could_not_be_read_back_is_never_written(event: Event) -> None:
    """The log cannot be mended: NaN was written as null, and an unknown choice broke every later reader."""
    with pytest.raises(ValueError):
        encode(event)


@pytest.mark.parametrize(
    ("name", "version"), [("person.vanished", 1), ("person.confirmed", 2), ("person.confirmed", 0)]
)
def test_an_unknown_name_or_version_is_said_to_be_newer_than_this_program(name: str, version: int) -> None:
    with pytest.raises(UnknownEvent, match=f"{name} version {version} is newer"):
        decode(name, version, encode(PersonConfirmed(person=uuid4())))


@pytest.mark.parametrize("data", ["", "{", "{}", '{"person":"alice"}', "null", "[]"])
def test_spoilt_data_is_not_taken_for_an_event(data: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode("person.confirmed", 1, data)


def test_every_event_type_is_in_the_catalog_once_and_every_other_dataclass_is_part_of_one() -> None:
    assert {kind for kind in declared() if issubclass(kind, Event)} == set(CATALOG)
    assert len(CATALOG) == len(set(CATALOG))
    used = " ".join(str(field.type) for kind in declared() for field in fields(kind))
    assert [kind.__name__ for kind in PARTS if not re.search(rf"\b{kind.__name__}\b", used)] == []


def test_every_wire_name_is_its_own_and_reads_like_what_happened() -> None:
    assert sorted(set(NAMES)) == sorted(NAMES)
    assert [name for name in NAMES if not re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", name)] == []


@pytest.mark.parametrize("kind", [*declared(), Sealed])
def test_every_field_is_explained_where_the_type_is_declared(kind: type) -> None:
    told = kind.__doc__ or ""
    assert [field.name for field in fields(kind) if not re.search(rf"\b{field.name}\b", told)] == []


@pytest.mark.parametrize("kind", declared(), ids=lambda kind: kind.__name__)
def test_every_type_is_frozen_and_takes_its_fields_by_name(kind: Any) -> None:
    assert kind.__dataclass_params__.frozen
    assert all(field.kw_only for field in fields(kind))


@pytest.mark.parametrize("kind", PARTS, ids=lambda kind: kind.__name__)
def test_instants_stand_only_at_the_top_of_an_event_where_they_are_brought_to_utc(kind: Any) -> None:
    assert [field.name for field in fields(kind) if "datetime" in str(field.type)] == []


def test_every_type_and_version_there_ever_was_has_a_stored_sample() -> None:
    """A new type or version gets one line in samples.json; the lines of older versions stay for ever."""
    assert {kind.wire: [str(number) for number in range(1, kind.version + 1)] for kind in CATALOG} == {
        name: sorted(versions) for name, versions in SAMPLES.items()
    }


@pytest.mark.parametrize("kind", CATALOG, ids=NAMES)
def test_a_sample_stored_long_ago_can_still_be_read(kind: type[Event]) -> None:
    """Fails when fields change without a new version: rows like the sample stand in somebody's log."""
    for number, sample in SAMPLES[kind.wire].items():
        stored = json.dumps(sample, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        event = decode(kind.wire, int(number), stored)
        if int(number) == kind.version:
            assert encode(event) == stored
