"""Changes, impacted roles and members."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf
from sqlalchemy import Connection

from adkar.change import Change, Role
from events.types.change import AdoptionDefined
from service.api.context import allow, principal
from service.api.reading import FreshSchema, StaleSchema, reading
from service.api.writing import Blueprint, PositionSchema
from service.commands import changes as commands
from service.http import fields as f
from service.http.etag import TAGGED, IfMatchSchema, answer_conditionally, etag, versions
from service.readmodels.changes import Changes, change_ids
from service.unit import Unit

blp = Blueprint("changes", __name__, description="Changes, the roles they impact, and who is in them.")
blp.after_request(answer_conditionally)
Tagged = tuple[dict[str, Any], dict[str, str]]
PHASES = ["prepare", "pilot", "rollout", "sustain", "closed"]


class TargetSchema(Schema):
    rate = f.Number(0.01, 1, required=True, metadata={"description": "Share of mature people who shall have adopted."})
    by = f.Day(required=True)


class FeatureSchema(Schema):
    app = f.Text(128, required=True)
    feature = f.Text(128, allow_none=True, load_default=None)


class AdoptionDefinitionSchema(Schema):
    """What counts as adopted: use of a feature on at least `min_days` distinct days of the trailing window."""

    features = fields.List(fields.Nested(FeatureSchema), required=True, validate=Length(1, 50))
    window_days = f.Whole(1, 366, load_default=28)
    min_days = f.Whole(1, 366, load_default=4)
    version = fields.Integer(dump_only=True)


class ChangeTermsSchema(Schema):
    """Every field may be left out."""

    name = f.Text(200)
    go_live = f.Day()
    zone = f.Zone(metadata={"description": "Schedules reminders; the workspace's zone cuts days."})
    announced = f.Day(allow_none=True)
    baseline = f.Number(0, 1, allow_none=True)
    sponsor = f.ExternalId(allow_none=True)
    champions = fields.List(f.ExternalId(), validate=Length(max=50))
    phase = fields.String(validate=OneOf(PHASES))
    target = fields.Nested(TargetSchema)
    adoption = fields.Nested(AdoptionDefinitionSchema)


class NewChangeSchema(ChangeTermsSchema):
    """A change to announce."""

    key = f.Key(required=True)
    name = f.Text(200, required=True)
    go_live = f.Day(required=True)
    target = fields.Nested(TargetSchema, required=True)
    adoption = fields.Nested(AdoptionDefinitionSchema, required=True)


class RoleSchema(Schema):
    """A role that a change impacts."""

    key = f.Key(required=True)
    name = f.Text(200, required=True)
    manager = f.ExternalId(allow_none=True, load_only=True)
    champions = fields.List(f.ExternalId(), load_only=True, validate=Length(max=50))
    courses = fields.List(f.Key(), validate=Length(max=50))
    expected = f.Whole(1, 10_000_000, allow_none=True)
    adoption = fields.Nested(AdoptionDefinitionSchema, allow_none=True)


class ChangeSchema(Schema):
    """A change as it stands."""

    key = fields.String(required=True)
    name = fields.String(required=True)
    go_live = fields.Date(required=True)
    announced = fields.Date(allow_none=True)
    zone = fields.String(required=True)
    phase = fields.String(required=True)
    baseline = fields.Float(allow_none=True)
    target = fields.Nested(TargetSchema, required=True)
    adoption = fields.Nested(AdoptionDefinitionSchema, required=True)
    roles = fields.List(fields.Nested(RoleSchema), required=True)


class ShownChangeSchema(StaleSchema, ChangeSchema):
    """A change as it is read."""


class WrittenChangeSchema(PositionSchema, ChangeSchema):
    """A change as a write left it."""


class WrittenRoleSchema(PositionSchema, RoleSchema):
    """A role as it was named."""


class ChangesSchema(StaleSchema):
    changes = fields.List(fields.Nested(ChangeSchema), required=True)


class MemberSchema(Schema):
    """When somebody is in a role; `until` is the first day no longer in it."""

    start = f.Day(required=True, data_key="from")
    until = f.Day(allow_none=True, load_default=None)
    access = f.Day(allow_none=True, load_default=None, data_key="access_from")


@blp.route("/changes", methods=["POST"])
@allow("changes:write")
@blp.arguments(NewChangeSchema)
@blp.command(201, WrittenChangeSchema, headers=TAGGED)
def post_change(work: Unit, data: dict[str, Any]) -> Tagged:
    """Announce a change"""
    return _tagged(commands.launch_change(work, data))


@blp.route("/changes", methods=["GET"])
@allow("changes:read")
@blp.arguments(FreshSchema, location="query")
@blp.response(200, ChangesSchema)
@reading(Changes)
def get_changes(connection: Connection, _: dict[str, Any]) -> dict[str, Any]:
    """List the changes of the workspace"""
    workspace_id = principal().workspace_id
    found = [commands.change_by_id(connection, workspace_id, id) for id in change_ids(connection, workspace_id)]
    return {"changes": [shown(change) for change in found if change]}


@blp.route("/changes/<change>", methods=["GET"])
@allow("changes:read")
@blp.arguments(FreshSchema, location="query")
@blp.response(200, ShownChangeSchema, headers=TAGGED)
@reading()
def get_change(connection: Connection, _: dict[str, Any], change: str) -> Tagged:
    """Show a change"""
    return _tagged(commands.load_change(connection, principal().workspace_id, change))


@blp.route("/changes/<change>", methods=["PATCH"])
@allow("changes:write")
@blp.arguments(ChangeTermsSchema)
@blp.arguments(IfMatchSchema, location="headers")
@blp.command(200, WrittenChangeSchema, headers=TAGGED)
def patch_change(work: Unit, data: dict[str, Any], headers: dict[str, str], change: str) -> Tagged:
    """Amend a change's terms, phase or definition of adoption"""
    return _tagged(commands.amend_change(work, change, data, versions(headers)))


@blp.route("/changes/<change>/roles", methods=["POST"])
@allow("changes:write")
@blp.arguments(RoleSchema)
@blp.arguments(IfMatchSchema, location="headers")
@blp.command(201, WrittenRoleSchema)
def post_role(work: Unit, data: dict[str, Any], headers: dict[str, str], change: str) -> dict[str, Any]:
    """Name a role as impacted"""
    return _role(commands.impact_role(work, change, data, versions(headers)))


@blp.route("/changes/<change>/roles/<role>/members/<path:external_id>", methods=["PUT"])
@allow("members:write")
@blp.arguments(MemberSchema)
@blp.command(204)
def put_member(work: Unit, data: dict[str, Any], change: str, role: str, external_id: str) -> None:
    """Set when somebody is in a role"""
    impacted = commands.load_change(work.connection, work.workspace.id, change)
    place = commands.role_of(impacted, role)
    person = commands.person_of(work, external_id)
    commands.place_member(work, impacted, place, person, **data)


def _tagged(change: Change) -> Tagged:
    return shown(change), etag(change.version)


def shown(change: Change) -> dict[str, Any]:
    """A change as ChangeSchema shows it; people are left out."""
    terms = change.terms
    return {
        "key": change.key,
        "name": terms.name,
        "go_live": terms.go_live,
        "announced": terms.announced,
        "zone": terms.zone,
        "phase": terms.phase,
        "baseline": terms.baseline,
        "target": {"rate": terms.target_rate, "by": terms.target_by},
        "adoption": definition(change.definition(None)),
        "roles": [_role(role) for role in change.roles.values()],
    }


def definition(defined: AdoptionDefined) -> dict[str, Any]:
    """A definition of adoption as AdoptionDefinitionSchema shows it."""
    return {
        "version": defined.number,
        "features": [{"app": one.app, "feature": one.feature} for one in defined.features],
        "window_days": defined.window_days,
        "min_days": defined.min_days,
    }


def _role(role: Role) -> dict[str, Any]:
    return {
        "key": role.key,
        "name": role.name,
        "courses": role.courses,
        "expected": role.expected,
        "adoption": definition(role.adoption) if role.adoption else None,
    }
