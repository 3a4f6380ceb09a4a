"""Where roles stand on ADKAR."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import Connection

from adkar.group import GroupProfile
from service.api.ask import AskSchema, ExplainSchema
from service.api.context import allow, principal, takehold
from service.api.reading import StaleSchema, reading
from service.commands.changes import load_change, role_of
from service.http.blueprint import Blueprint
from service.queries.adkar import RoleProfile, role_profiles
from service.queries.explain import explain_adkar
from service.queries.view import View, view
from service.readmodels.assessments import Assessments
from service.readmodels.members import Members
from service.readmodels.stages import Stages

blp = Blueprint("adkar", __name__, description="Where roles stand on ADKAR.")


class EstimateSchema(Schema):
    value = fields.Float(required=True)
    n = fields.Integer(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)


class GroupSchema(Schema):
    """A group's answers; every figure is null when the group is too small to show any."""

    suppressed = fields.Boolean(required=True)
    n = fields.Integer(allow_none=True)
    response_rate = fields.Float(allow_none=True)
    non_response = fields.Integer(allow_none=True)
    barriers = fields.Dict(allow_none=True, metadata={"description": "People by their own barrier point."})
    barrier = fields.String(allow_none=True, metadata={"description": "Barrier point of the element means."})
    borderline = fields.Boolean(allow_none=True)
    means = fields.Dict(fields.String(), fields.Nested(EstimateSchema), allow_none=True)
    stages = fields.Dict(allow_none=True, metadata={"description": "People by the stage they reached."})


class AverageSchema(Schema):
    source = fields.String(required=True)
    scores = fields.Dict(required=True)
    method = fields.String(required=True)
    n = fields.Integer(required=True)
    occurred_at = fields.DateTime(required=True)


class RoleProfileSchema(GroupSchema):
    """A role's ADKAR profile; the self-assessments lead, other sources stand beside, never merged."""

    role = fields.String(required=True)
    name = fields.String(required=True)
    by_source = fields.Dict(fields.String(), fields.Nested(GroupSchema), required=True)
    averages = fields.List(fields.Nested(AverageSchema), required=True)
    recorded = fields.Dict(required=True, metadata={"description": "Stages that champions recorded."})
    furthest = fields.String(required=True)
    contradictions = fields.List(fields.String(), required=True)
    due = fields.Dict(required=True)
    explain = fields.Nested(ExplainSchema, metadata={"description": "Where it was asked for."})


class AdkarSchema(StaleSchema):
    roles = fields.List(fields.Nested(RoleProfileSchema), required=True)


@blp.route("/changes/<change>/adkar", methods=["GET"])
@allow("adkar:read")
@blp.arguments(AskSchema, location="query")
@blp.response(200, AdkarSchema)
@reading(Members, Assessments, Stages)
def get_adkar(connection: Connection, query: dict[str, Any], change: str) -> dict[str, Any]:
    """Where roles stand on ADKAR, and their barrier points"""
    seen = view(connection, takehold().workspace(principal().workspace_id), query.get("as_of"))
    state = load_change(connection, seen.workspace.id, change, seen.at)
    roles = [role_of(state, query["role"], "role")] if "role" in query else list(state.roles.values())
    profiles = role_profiles(seen, state, roles)
    if not query.get("explain"):
        return {"roles": [_profile(profile) for profile in profiles]}
    return {"roles": [_profile(profile) | {"explain": _explained(seen, profile)} for profile in profiles]}


def _explained(seen: View, profile: RoleProfile) -> dict[str, Any]:
    return explain_adkar(seen, profile.eligible, profile.by_source["self"].n)


def _profile(profile: RoleProfile) -> dict[str, Any]:
    return {
        "role": profile.role.key,
        "name": profile.role.name,
        **_group(profile.by_source["self"]),
        "by_source": {source: _group(group) for source, group in profile.by_source.items()},
        "averages": [vars(average) for average in profile.averages],
        "recorded": profile.recorded,
        "furthest": profile.furthest,
        "contradictions": profile.contradictions,
        "due": profile.due,
    }


def _group(group: GroupProfile) -> dict[str, Any]:
    return {**vars(group), "means": None if group.means is None else {k: vars(v) for k, v in group.means.items()}}
