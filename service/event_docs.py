"""docs/events.md, from the event types and their docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from events.catalog import CATALOG

_PLAIN = {
    UUID: "UUID",
    str: "text",
    bool: "true or false",
    int: "integer",
    float: "number",
    date: "day",
    datetime: "instant",
}


def events_part() -> str:
    """A section for each event type, in the order of the catalog, then one for each value inside them."""
    values: dict[type, None] = {}
    for kind in CATALOG:
        values.update(dict.fromkeys(_values_in(kind)))
    sections = [_section(f"`{kind.wire}`, version {kind.version}", kind) for kind in CATALOG]
    return "\n".join(sections) + "\n## Values inside events\n\n" + "\n".join(_section(v.__name__, v) for v in values)


def described(kind: type) -> dict[str, str]:
    """What a type's docstring says of its fields, in the form `name, name: what they are. name: what it is.`"""
    names = "|".join(field.name for field in fields(kind))
    found = re.split(rf"(?:^|(?<=\s))((?:{names})(?:, (?:{names}))*): ", _paragraphs(kind)[1])
    told: dict[str, str] = {}
    for together, what in zip(found[1::2], found[2::2], strict=True):
        told.update(dict.fromkeys(together.split(", "), what.strip().removesuffix(".")))
    return told


def _section(title: str, kind: type) -> str:
    from service.docs import table

    hints, told = get_type_hints(kind), described(kind)
    rows = [(f"`{field.name}`", _type(hints[field.name]), told.get(field.name, "")) for field in fields(kind)]
    return f"### {title}\n\n{_paragraphs(kind)[0]}\n\n" + table("field | type | what it is", rows)
