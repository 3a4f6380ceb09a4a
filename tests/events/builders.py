"""Hypothesis strategies for every event type, made from the types of its fields."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from hypothesis import strategies as st

_WHOLE = st.integers(-(2**53), 2**53)
_PLAIN: dict[type, st.SearchStrategy[Any]] = {
    NoneType: st.none(),
    bool: st.booleans(),
    int: _WHOLE,
    # A whole number where a float may stand is what a JSON body gives.
    float: st.floats(allow_nan=False, allow_infinity=False) | _WHOLE,
    # Lone surrogates are no text.
    str: st.text(st.characters(exclude_categories=["Cs"])),
    UUID: st.uuids(),
    date: st.dates(),
    datetime: st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.timezones()),  # noqa: DTZ001
}


def values_of(kind: type) -> st.SearchStrategy[dict[str, Any]]:
    """What the constructor of an event type takes, by name."""
    hints = get_type_hints(kind)
    return st.fixed_dictionaries({field.name: _of(hints[field.name]) for field in fields(kind)})


def _of(hint: Any) -> st.SearchStrategy[Any]:
    arguments = get_args(hint)
    match get_origin(hint):
        case None if hint in _PLAIN:
            return _PLAIN[hint]
        case None:
            return values_of(hint).map(lambda values: hint(**values))
        case origin if origin is Literal:
            return st.sampled_from(arguments)
        case origin if origin in (Union, UnionType):
            return st.one_of(*(_of(argument) for argument in arguments))
        case origin if origin is tuple:
            return st.lists(_of(arguments[0]), max_size=3).map(tuple)
        case origin if origin is dict:
            return st.dictionaries(_of(arguments[0]), _facts(arguments[1]), max_size=3)
    raise TypeError(f"no strategy for {hint}")


def _facts(hint: Any) -> st.SearchStrategy[Any]:
    return st.one_of(*(_of(argument) for argument in get_args(hint)))
