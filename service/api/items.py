"""Batches that are judged item by item: what is good is stored, the rest is listed with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

from service.http.blueprint import JsonParser
from service.http.problem import Problem, invalid_fields

MAX_ITEMS = 2000


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


def judge(schema: Schema, items: Sequence[object]) -> tuple[list[tuple[int, dict[str, Any]]], list[dict[str, Any]]]:
    """Good items with their indexes, and the verdicts on the others."""
    good: list[tuple[int, dict[str, Any]]] = []
    bad: list[dict[str, Any]] = []
    for index, item in enumerate(items):
        try:
            loaded: Any = schema.load(item)  # type: ignore[arg-type]
            good.append((index, loaded))
        except ValidationError as error:
            first = invalid_fields(error.normalized_messages()).errors[0]  # type: ignore[no-untyped-call]
            bad.append(
                {"index": index, "status": "rejected", "reason": first["message"], "field": first["field"] or None}
            )
    return good, bad


def summary(stored: int, left_out: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The answer to a batch."""
    duplicate = sum(item["status"] == "duplicate" for item in left_out)
    return {
        "stored": stored,
        "duplicate": duplicate,
        "rejected": len(left_out) - duplicate,
        "items": sorted(left_out, key=lambda item: int(item["index"])),
    }


def _refused(field: str, message: str) -> Problem:
    return invalid_fields({field: [message]})
