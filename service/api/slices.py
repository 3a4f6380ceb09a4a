"""What every question about use may name, and what every answer to one begins with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields
from sqlalchemy import Connection

from adkar.change import Role
from events.types.change import AdoptionDefined, Feature
from service.api.ask import AskSchema, ExplainSchema
from service.api.changes import AdoptionDefinitionSchema, definition
from service.api.context import principal, takehold
from service.api.reading import StaleSchema
from service.api.tables import TableSchema
from service.commands.changes import load_change, role_of
from service.http import fields as f
from service.http.problem import FieldError, Problem
from service.queries.adoption import ChangeUsage, Slice
from service.queries.sets import covers
from service.queries.view import view

LONGEST = 400
"""Days that one answer is about at most."""

WEEK_GRAIN = "Some sources report by week: days inside a week are not exact."
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


class Month(fields.String):
    """A calendar month, YYYY-MM, of the years a day may be of; read as its first day."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        found = _MONTH.fullmatch(super()._deserialize(value, attr, data, **kwargs))
        if not found or int(found[1]) not in f.DAY_YEARS:
            raise ValidationError("must be a month such as 2026-03")
        return date(int(found[1]), int(found[2]), 1)


class Ordinal(fields.Date):
    """A day that is told as a proleptic ordinal, written as a date."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else date.fromordinal(value).isoformat()


class SliceSchema(AskSchema, TableSchema):
    feature = f.Text(
        257, metadata={"description": "`app` or `app/feature`: only use of this, of what counts.", "example": "copilot"}
    )
    cohort = Month(
        metadata={"description": "Month of the first access, such as 2026-03: only these people.", "example": "2026-03"}
    )


class DaySchema(SliceSchema):
    day = f.Day(metadata={"description": "The day at whose end people are looked at; yesterday without it."})


class MetricSchema(StaleSchema):
    definition = fields.Nested(AdoptionDefinitionSchema, required=True)
    zone = fields.String(required=True, metadata={"description": "Cuts the days."})
    grain = fields.String(required=True, metadata={"description": "`week` when a source reports by week, else `day`."})
    notice = fields.String(allow_none=True)
    as_of_effective = fields.Date(required=True, metadata={"description": "Usage received up to the end of this day."})
    explain = fields.Nested(ExplainSchema, metadata={"description": "What the figures rest on, where asked for."})


@dataclass(frozen=True)
class Asked:
    """A question about use, looked up: the change, its role or None, and the part that is asked about."""

    usage: ChangeUsage
    role: Role | None
    query: dict[str, Any]

    @property
    def definition(self) -> AdoptionDefined:
        """What counts as adopted there."""
        return self.usage.change.definition(self.role)

    @property
    def yesterday(self) -> date:
        """The last complete day."""
        return self.usage.view.yesterday

    @property
    def day(self) -> int:
        """The day that DaySchema's query means; the running day is never judged."""
        return min(self.query.get("day") or self.yesterday, self.yesterday).toordinal()

    def answer(self, **figures: Any) -> dict[str, Any]:
        """What MetricSchema's answers begin with, and the figures."""
        seen, grain = self.usage.view, self.usage.seen(self.definition).grain
        return {
            "definition": definition(self.definition),
            "zone": seen.workspace.zone.key,
            "grain": grain,
            "notice": WEEK_GRAIN if grain == "week" else None,
            "as_of_effective": seen.today,
            **figures,
        }


def asked(connection: Connection, query: dict[str, Any], change: str) -> Asked:
    """Raises Problem for a change, a role or a feature that there is not."""
    usage = _usage(connection, query, change)
    role = role_of(usage.change, query["role"], "role") if "role" in query else None
    if not _counts(usage, role):
        raise _does_not_count()
    return Asked(usage, role, query)


def asked_of_roles(connection: Connection, query: dict[str, Any], change: str) -> tuple[ChangeUsage, list[Role]]:
    """The same question of every role in which the feature counts, if one is named. Raises Problem like `asked`."""
    usage = _usage(connection, query, change)
    roles = [role for role in usage.change.roles.values() if _counts(usage, role)]
    if not roles and usage.part.feature:
        raise _does_not_count()
    return usage, roles


def _usage(connection: Connection, query: dict[str, Any], change: str) -> ChangeUsage:
    seen = view(connection, takehold().workspace(principal().workspace_id), query.get("as_of"))
    feature = None
    if "feature" in query:
        app, _, name = query["feature"].partition("/")
        feature = Feature(app=app, feature=name or None)
    return ChangeUsage(
        seen, load_change(connection, seen.workspace.id, change, seen.at), Slice(feature, query.get("cohort"))
    )


def _counts(usage: ChangeUsage, role: Role | None) -> bool:
    feature = usage.part.feature
    counted = usage.change.definition(role).features
    return feature is None or any(covers(one, feature) or covers(feature, one) for one in counted)


def _does_not_count() -> Problem:
    return query_problem("feature", "is not among the features that count here")


def query_problem(field: str, message: str) -> Problem:
    return Problem(422, "invalid", f"{field}: {message}", [FieldError(field=field, message=message)])
