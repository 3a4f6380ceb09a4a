"""A way back: facts that were recorded by mistake."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import Schema

from service.api.context import allow
from service.api.writing import Blueprint
from service.commands import withdrawal as commands
from service.http import fields as f
from service.unit import Unit

blp = Blueprint("withdrawals", __name__, description="Taking back what was recorded by mistake.")


class WithdrawalSchema(Schema):
    """Why it is taken back; what it said stays visible to earlier views."""

    reason = f.Text(4000, required=True)


@blp.route("/events/<uuid:event_id>/withdraw", methods=["POST"])
@allow("events:withdraw")
@blp.arguments(WithdrawalSchema)
@blp.command(204)
def post_withdrawal(work: Unit, data: dict[str, Any], event_id: UUID) -> None:
    """Withdraw a fact that was recorded by mistake"""
    commands.withdraw(work, event_id, data["reason"])
