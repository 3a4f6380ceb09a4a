"""Batches that are judged item by item: what is good is stored, the rest is listed with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import request
from marshmallow import RAISE, Schema, ValidationError, fields

from service.api.writing import PositionSchema
from service.http.blueprint import JsonParser
from service.http.problem import Problem, invalid_fields

MAX_ITEMS = 2000
_View = Callable[..., Any]


class NotStoredSchema(Schema):
    index = fields.Integer(required=True, metadata={"description": "Where the item stood in the batch, from 0."})
    status = fields.String(required=True, metadata={"description": "`duplicate` or `rejected`."})
    reason = fields.String(allow_none=True, metadata={"description": "Why it was rejected."})
    field = fields.String(allow_none=True, metadata={"description": "The field at fault."})


class SummarySchema(Schema):
    """What became of a batch."""

    stored = fields.Integer(required=True)
    duplicate = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    items = fields.List(fields.Nested(NotStoredSchema), required=True, metadata={"description": "Items not stored."})


class RecordedSummarySchema(PositionSchema, SummarySchema):
    """What became of a batch of facts."""


class AnyObject(Schema):
    """Any JSON object; the items inside are judged one by one."""

    class Meta:
        unknown = RAISE


def body(many: bool, request: Any) -> Any:
    """The strictly parsed JSON body: an array for `many`, else an object. Raises Problem."""
    return JsonParser().load_json(request, AnyObject(many=many))


def batch(value: object, field: str) -> Sequence[object]:
    """The items of a batch. Raises Problem 422 for something else than a list, or for too many of them."""
    if not isinstance(value, list):
        raise _refused(field, "must be a list")
    if len(value) > MAX_ITEMS:
        raise _refused(field, f"must have at most {MAX_ITEMS} items")
    return value


def only(value: Mapping[str, Any], field: str) -> Sequence[object]:
    """The batch of an envelope that holds nothing but `field`. Raises Problem 422."""
    for name in value:
        if name != field:
            raise _refused(name, "unknown field")
    if field not in value:
        raise _refused(field, "is missing")
    return batch(value[field], field)


@dataclass(frozen=True)
class Judged:
    """A batch: the good items, where each stood in it, and the verdicts on those that are left out."""

    good: list[dict[str, Any]]
    indexes: list[int]
    left_out: list[dict[str, Any]]

    def leave_out(self, number: int, status: str, **why: str) -> None:
        """A good item, by its number among them, is not stored after all. why: `reason` and `field`."""
        self.left_out.append({"index": self.indexes[number], "status": status, **why})

    def summary(self) -> dict[str, Any]:
        """The answer to the batch."""
        duplicate = sum(item["status"] == "duplicate" for item in self.left_out)
        return {
            "stored": len(set(self.indexes) - {item["index"] for item in self.left_out}),
            "duplicate": duplicate,
            "rejected": len(self.left_out) - duplicate,
            "items": sorted(self.left_out, key=lambda item: int(item["index"])),
        }


def judged(schema: type[Schema], field: str, bare: bool = False) -> Callable[[_View], _View]:
    """Hands a view its batch, judged by `schema` item by item; `bare`: the body is the list, else it is its `field`.

    To stand above `command`, because judging takes longer than anybody may hold a lock.
    """

    def decorate(view: _View) -> _View:
        @wraps(view)
        def judging(*args: Any, **kwargs: Any) -> Any:
            items = batch(body(True, request), field) if bare else only(body(False, request), field)
            return view(*args, judge(schema(), items), **kwargs)

        return judging

    return decorate


def judge(schema: Schema, items: Sequence[object]) -> Judged:
    """A batch, each item loaded or with the first fault found in it."""
    found = Judged([], [], [])
    for index, item in enumerate(items):
        try:
            loaded: Any = schema.load(item)  # type: ignore[arg-type]
            found.good.append(loaded)
            found.indexes.append(index)
        except ValidationError as error:
            first = invalid_fields(error.normalized_messages()).errors[0]  # type: ignore[no-untyped-call]
            found.left_out.append(
                {"index": index, "status": "rejected", "reason": first["message"], "field": first["field"] or None}
            )
    return found


def _refused(field: str, message: str) -> Problem:
    return invalid_fields({field: [message]})
