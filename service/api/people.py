"""People."""

from __future__ import annotations

from typing import Any

from flask import request
from marshmallow import RAISE, Schema

from service.api.context import allow, unit
from service.api.items import SummarySchema, batch, body, judge, summary
from service.directory.announce import Announced, Rejected, announce
from service.http import fields as f
from service.http.blueprint import Blueprint

blp = Blueprint("people", __name__, description="People, by what a source calls them.")


class PersonSchema(Schema):
    """A person to register or update."""

    class Meta:
        unknown = RAISE

    external_id = f.ExternalId(required=True)
    email = f.Email(allow_none=True)
    name = f.Text(200, allow_none=True)
    manager = f.ExternalId(allow_none=True, metadata={"description": "The manager's external id."})
    zone = f.Zone(allow_none=True)
    source = f.Key(load_default="default")


@blp.route("/people", methods=["POST"])
@allow("people:write")
@blp.doc(requestBody={"required": True, "content": {"application/json": {"schema": PersonSchema(many=True)}}})
@blp.response(200, SummarySchema)
def post_people() -> dict[str, Any]:
    """Register or update people, judged one by one"""
    good, bad = judge(PersonSchema(), batch(body(True, request), "people"))
    with unit() as work:
        answers = announce(work, [Announced(**item) for _, item in good])
    for (index, _), answer in zip(good, answers, strict=True):
        if isinstance(answer, Rejected):
            bad.append({"index": index, "status": "rejected", "reason": answer.reason, "field": answer.field})
    return summary(sum(not isinstance(answer, Rejected) for answer in answers), bad)
