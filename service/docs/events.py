"""Every event type, from its class and its docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

from events.catalog import CATALOG
from service.docs.markdown import table

_PLAIN: dict[Any, str] = {
    UUID: "UUID",
    str: "text",
    bool: "true or false",
    int: "integer",
    float: "number",
    date: "day",
    datetime: "instant",
    NoneType: "null",
}


def events() -> str:
    """A section for each event type, in the order of the catalog."""
    return "\n".join(_section(kind.wire, f"Version {kind.version}. ", kind) for kind in CATALOG)


def values() -> str:
    """A section for each dataclass that stands in a field of an event, in the order in which they turn up."""
    found = dict.fromkeys(part for kind in CATALOG for part in _inside(kind))
    return "\n".join(_section(part.__name__, "", part) for part in found)


def described(kind: type) -> dict[str, str]:
    """What a docstring says of fields, which it does as `name, name: what they are. name: what it is.`"""
    names = "|".join(field.name for field in fields(kind))
    found = re.split(rf"(?:^|(?<=\s))((?:{names})(?:, (?:{names}))*): ", _doc(kind)[1])
    told: dict[str, str] = {}
    for together, what in zip(found[1::2], found[2::2], strict=True):
        told.update(dict.fromkeys(together.split(", "), _as_in_json(what.strip().removesuffix("."))))
    return told


def _section(title: str, lead: str, kind: type) -> str:
    hints, told = get_type_hints(kind), described(kind)
    rows = [(f"`{field.name}`", _type(hints[field.name]), told.get(field.name, "")) for field in fields(kind)]
    return f"### {title}\n\n{lead}{_doc(kind)[0]}\n\n" + table(("field", "type", "what it is"), rows)


def _as_in_json(text: str) -> str:
    for kind in CATALOG:
        text = text.replace(kind.__name__, kind.wire)
    return re.sub(r"\bNone\b", "null", text)


def _doc(kind: type) -> tuple[str, str]:
    """The first paragraph of a docstring, and the others, each in one line."""
    first, *others = (inspect.getdoc(kind) or "").split("\n\n")
    return " ".join(first.split()), " ".join(" ".join(others).split())


def _type(hint: Any) -> str:
    """How a field's type reads to somebody who sees the JSON."""
    of = get_args(hint)
    if get_origin(hint) is Literal:
        return " or ".join(f"`{value}`" for value in of)
    if isinstance(hint, UnionType):
        return " or ".join(_type(one) for one in of)
    if get_origin(hint) is tuple:
        return f"list of {_type(of[0])}"
    if get_origin(hint) is dict:
        return f"object of {_type(of[1])}"
    if isinstance(hint, type) and is_dataclass(hint):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    return _PLAIN[hint]


def _inside(kind: type) -> Iterator[type]:
    """The dataclasses in a type's fields, at any depth."""
    for hint in get_type_hints(kind).values():
        for part in (hint, *get_args(hint)):
            if is_dataclass(part) and isinstance(part, type):
                yield part
                yield from _inside(part)
