"""People."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema

from service.api.context import allow
from service.api.items import Judged, RecordedSummarySchema, judged
from service.api.writing import Blueprint
from service.directory.announce import Announced, Rejected, announce
from service.http import fields as f
from service.unit import Unit

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
@judged(PersonSchema, "people", bare=True)
@blp.command(200, RecordedSummarySchema)
def post_people(work: Unit, people: Judged) -> dict[str, Any]:
    """Register or update people, judged one by one"""
    for number, answer in enumerate(announce(work, [Announced(**item) for item in people.good])):
        if isinstance(answer, Rejected):
            people.leave_out(number, "rejected", reason=answer.reason, field=answer.field)
    return people.summary()
