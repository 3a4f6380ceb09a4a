"""xAPI 1.0 and 2.0: learning systems deliver statements as to any learning record store; trainings come of them.

Source: https://github.com/adlnet/xAPI-Spec/blob/master/xAPI-Communication.md (1.0.3)
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from service.access import Principal
from service.api.context import takehold
from service.api.items import MAX_ITEMS
from service.http.problem import FieldError, Problem
from service.intake.xapi.http import (
    FIRST,
    SECOND,
    VERSION,
    a_choice,
    an_id,
    bad_parameter,
    consistent_through,
    learning_record_store,
    parameters,
    sent,
    stored_by,
)
from service.intake.xapi.query import PARAMETERS, briefly, last_stored, one, several
from service.intake.xapi.replay import replay
from service.intake.xapi.statement import NAME, received
from service.intake.xapi.store import deliver

__all__ = ["NAME", "blp", "replay"]

blp = Blueprint("xapi", __name__)
learning_record_store(blp)

_STATEMENTS = "/xapi/statements"


@blp.route("/xapi/about", methods=["GET"])
def get_about() -> dict[str, Any]:
    """Which versions of xAPI are spoken here"""
    # Clients of the first version stumble over the name of the second.
    second = (SECOND,) if request.headers.get(VERSION) == SECOND else ()
    return {"version": [*second, *FIRST], "extensions": {}}


@stored_by(blp, _STATEMENTS, "POST")
def post_statements(who: Principal) -> Response:
    """Store one xAPI statement or several, all of them or none"""
    parameters()
    said = sent()
    some = said if isinstance(said, list) else [said]
    if len(some) > MAX_ITEMS:
        raise Problem(413, "too_many_statements", f"A batch takes at most {MAX_ITEMS} statements.")
    batch = [received(each, str(place) if isinstance(said, list) else "") for place, each in enumerate(some)]
    seen = set()
    for place, each in enumerate(batch):
        if each.id in seen:
            message = "Two statements of one batch have the same id."
            raise Problem(
                400, "invalid_statement", message, [FieldError(field=f"{place}.id", message="is there twice")]
            )
        seen.add(each.id)
    consistent_through(deliver(takehold(), who, batch))
    return jsonify([str(each.id) for each in batch])


@stored_by(blp, _STATEMENTS, "PUT")
def put_statement(who: Principal) -> tuple[str, int]:
    """Store one xAPI statement under the id that the address names"""
    id = an_id(parameters("statementId"), "statementId")
    said = sent()
    named = received({"id": str(id), **said} if isinstance(said, dict) else said)
    if named.id != id:
        fault = FieldError(field="id", message="is not the one of statementId")
        raise Problem(400, "invalid_statement", "id: is not the one of statementId", [fault])
    consistent_through(deliver(takehold(), who, [named]))
    return "", 204


@stored_by(blp, _STATEMENTS, "GET")
def get_statements(who: Principal) -> dict[str, Any]:
    """Read xAPI statements: an administrator all, an app those of its own source"""
    asked = parameters(*PARAMETERS)
    form = a_choice(asked, "format", "exact", "ids", "canonical")
    single = [name for name in ("statementId", "voidedStatementId") if name in asked]
    with takehold().database.read() as connection:
        consistent_through(last_stored(connection, who.workspace_id))
    if not single:
        found = several(takehold(), who, asked, _STATEMENTS)
        return {**found, "statements": [briefly(each) if form == "ids" else each for each in found["statements"]]}
    if set(asked) - {single[0], "format", "attachments"}:
        raise bad_parameter(single[0], "goes with no other parameter but format and attachments")
    statement = one(takehold(), who, an_id(asked, single[0]), voided=single[0] == "voidedStatementId")
    if statement is None:
        raise Problem(404, "unknown_statement", "There is no such statement, or this key may not read it.")
    return briefly(statement) if form == "ids" else statement
