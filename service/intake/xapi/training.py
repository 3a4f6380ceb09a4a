"""What a statement says about a training: who took which step of which course.

Verbs and rules are cmi5's: https://github.com/AICC/CMI-5_Spec_Current/blob/quartz/cmi5_spec.md
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from service.commands.changes import change_by_id
from service.http.fields import EARLIEST, MAX_AHEAD
from service.intake.dialects.messages import IDENTIFIER, NoPlace, text
from service.intake.xapi.parts import Activity, Agent, Context, ContextActivities, Group, Result, Score
from service.intake.xapi.statement import Statement
from service.readmodels.changes import change_ids

_VOCABULARIES = ("http://adlnet.gov/expapi/verbs/", "https://w3id.org/xapi/adl/verbs/")
_STATUSES = (
    "registered",
    "unregistered",
    "attended",
    "initialized",
    "completed",
    "passed",
    "failed",
    "abandoned",
    "waived",
    "satisfied",
)
VERBS = {f"{vocabulary}{status}": status for vocabulary in _VOCABULARIES for status in _STATUSES}
"""IRI of a verb -> status of a training. ADL made the first vocabulary, cmi5 the second; clients mix them."""

_EXTENSIONS = "https://w3id.org/xapi/cmi5/context/extensions/"
_MODE, _SESSION, _MASTERY = f"{_EXTENSIONS}launchmode", f"{_EXTENSIONS}sessionid", f"{_EXTENSIONS}masteryscore"
_LOOKING = ("browse", "review")
_TAIL = re.compile(r"[a-z0-9._-]*\Z")


@dataclass(frozen=True)
class Step:
    """A step as a statement tells it. person: what the source calls the learner. address: the one that names them, if
    it is an address. occurred_at: None where the statement does not say."""

    person: str
    course: str
    status: str
    address: str | None = None
    score: float | None = None
    occurred_at: datetime | None = None

    def item(self, id: str, stored_at: datetime) -> dict[str, Any]:
        """As the command takes it. stored_at: when it happened, where nothing else is known."""
        return {
            "id": id,
            "person": self.person,
            "course": self.course,
            "status": self.status,
            "score": self.score,
            "occurred_at": (self.occurred_at or stored_at).astimezone(UTC),
        }


def courses_asked(connection: Connection, workspace_id: str) -> frozenset[str]:
    """Every course that some role of some change asks for."""
    changes = (change_by_id(connection, workspace_id, id) for id in change_ids(connection, workspace_id))
    return frozenset(
        course for change in changes if change for role in change.roles.values() for course in role.courses
    )


def step_of(statement: Statement, courses: Collection[str]) -> Step | None:
    """The step that a statement tells of; None for one that was only looked at. Raises NoPlace."""
    status = VERBS.get(statement.verb.id)
    if status is None:
        raise NoPlace("verb.id: not a step of a training")
    if is_browsing(statement):
        return None
    if isinstance(statement.actor, Group):
        raise NoPlace("actor: a group, not a person")
    if not isinstance(statement.object, Activity):
        raise NoPlace("object: not an activity")
    course = course_of(statement.object.id, courses)
    score = _scaled(statement)
    mastery = statement.extension(_MASTERY)
    if status == "passed" and score is not None and isinstance(mastery, int | float) and score < mastery:
        raise NoPlace("result.score.scaled: passed below the mastery score")
    occurred_at = statement.instant
    if occurred_at and occurred_at < EARLIEST:
        raise NoPlace("timestamp: before the year 2000")
    if occurred_at and occurred_at > datetime.now(UTC) + MAX_AHEAD:
        raise NoPlace("too_far_ahead")
    person, address = learner(statement.actor)
    return Step(person, course, status, address, score, occurred_at)


def course_of(activity: str, courses: Collection[str]) -> str:
    """The course whose key an activity's id ends in, after any character that no key holds. Raises NoPlace."""
    tail = _TAIL.search(activity.casefold().rstrip("/"))
    if tail is None or tail[0] not in courses:
        raise NoPlace("object.id: ends in no course that a role asks for")
    return tail[0]


def learner(actor: Agent) -> tuple[str, str | None]:
    """What the source calls an actor, and the address that this is, if it is one. Raises NoPlace."""
    kind, *_, value = actor.identifier or ("actor", "")
    address = value.removeprefix("mailto:") if kind == "mbox" else None
    return text(address or value, f"actor.{kind}", IDENTIFIER), address


def is_browsing(statement: Statement) -> bool:
    """Whether somebody only looked: cmi5's modes Browse and Review, named by the context or one of its categories."""
    mode = statement.extension(_MODE)
    named = [mode] if isinstance(mode, str) else []
    return any(name.casefold().rpartition("/")[2] in _LOOKING for name in (*named, *_categories(statement)))


def session_of(statement: Statement) -> str | None:
    """cmi5's session: the statements between one launch and its end."""
    session = statement.extension(_SESSION)
    return session if isinstance(session, str) else None


def _categories(statement: Statement) -> list[str]:
    activities = statement.context.context_activities if isinstance(statement.context, Context) else None
    category = activities.category if isinstance(activities, ContextActivities) else None
    some = category if isinstance(category, list) else [category]
    return [one.id for one in some if isinstance(one, Activity)]


def _scaled(statement: Statement) -> float | None:
    score = statement.result.score if isinstance(statement.result, Result) else None
    return score.scaled if isinstance(score, Score) and isinstance(score.scaled, float) else None
