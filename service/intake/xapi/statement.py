"""Statements are checked as xAPI asks, before anything is made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import msgspec
from msgspec import UNSET, Meta, UnsetType

from service.http.problem import FieldError, Problem
from service.intake.xapi.parts import (
    Activity,
    Agent,
    Attachment,
    Context,
    Group,
    Part,
    Result,
    StatementRef,
    Uuid,
    Verb,
)

NAME = "xapi"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"

_FORMER = ("id", "stored", "authority", "version")
"""What the store may give or alter; two statements that differ in nothing else are the same (xAPI-Data, 2.3.1)."""

_FILLED_IN = {"actor": "Agent", "authority": "Agent", "instructor": "Agent", "object": "Activity"}
_INSTANT = re.compile(r"\d{4}-?\d\d-?\d\dT\d\d.*", re.DOTALL)
_PLACE = re.compile(r"(?P<what>.*?)(?: - at (?:`key` in )?`\$(?P<path>[^`]*)`)?", re.DOTALL)
_FIELD = re.compile(r"Object (?:missing required|contains unknown) field `(?P<name>.*)`", re.DOTALL)


class _Said(Part):
    actor: Agent | Group
    verb: Verb
    result: Result | UnsetType = UNSET
    context: Context | UnsetType = UNSET
    timestamp: str | UnsetType = UNSET
    attachments: list[Attachment] | UnsetType = UNSET

    def __post_init__(self) -> None:
        if isinstance(self.timestamp, str):
            moment(self.timestamp)


class SubStatement(_Said, tag_field="objectType", tag="SubStatement", kw_only=True):
    object: Activity | Agent | Group | StatementRef


class Statement(_Said, kw_only=True):
    """A statement of xAPI 1.0 or 2.0."""

    object: Activity | Agent | Group | StatementRef | SubStatement
    id: Uuid | UnsetType = UNSET
    stored: str | UnsetType = UNSET
    authority: Agent | Group | UnsetType = UNSET
    version: Annotated[str, Meta(pattern=r"^(1\.0(\.[0-9]+)?|2\.0\.0)\Z")] | UnsetType = UNSET

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.verb.id == VOIDED and not isinstance(self.object, StatementRef):
            raise ValueError("voids something else than a statement")

    @property
    def voids(self) -> UUID | None:
        """The statement that this one takes back."""
        return UUID(self.object.id) if self.verb.id == VOIDED and isinstance(self.object, StatementRef) else None

    @property
    def instant(self) -> datetime | None:
        """When it happened; None where the statement does not say."""
        return moment(self.timestamp) if isinstance(self.timestamp, str) else None

    @property
    def registration(self) -> UUID | None:
        """Which enrolment of its learner this belongs to."""
        found = self.context.registration if isinstance(self.context, Context) else UNSET
        return UUID(found) if isinstance(found, str) else None

    def extension(self, name: str) -> Any:
        """What the context says under that name; None for nothing."""
        extensions = self.context.extensions if isinstance(self.context, Context) else UNSET
        return extensions.get(name) if isinstance(extensions, dict) else None


@dataclass(frozen=True)
class Received:
    """A statement that may be stored. body: as it was sent, with its id."""

    id: UUID
    statement: Statement
    body: Mapping[str, Any]

    @property
    def canonical(self) -> str:
        """Text that is equal for statements that say the same."""
        said = {name: value for name, value in self.body.items() if name not in _FORMER}
        return msgspec.json.encode(said, order="sorted").decode()


def received(sent: object, place: str = "") -> Received:
    """Checks a statement. place: where it stood in the body, such as `3`. Raises Problem 400."""
    statement = read(sent, place)
    id = UUID(statement.id) if isinstance(statement.id, str) else uuid4()
    assert isinstance(sent, dict)
    return Received(id, statement, {**sent, "id": str(id)})


def read(sent: object, place: str = "") -> Statement:
    """The statement in some JSON. Raises Problem 400 that names the field."""
    try:
        return msgspec.convert(_filled_in(sent), Statement)
    except msgspec.ValidationError as bad:
        raise refused(str(bad), place) from None


def read_agent(sent: object, place: str) -> Agent | Group:
    """The agent or group in some JSON. Raises Problem 400."""
    try:
        found: Agent | Group = msgspec.convert(_with_type(sent, "Agent"), Agent | Group)
    except msgspec.ValidationError as bad:
        raise refused(str(bad), place) from None
    return found


def refused(told: str, place: str) -> Problem:
    """The answer to a statement that is none, from what msgspec tells of it, but never with the value."""
    parts = _PLACE.fullmatch(told)
    what, path = (parts["what"], parts["path"] or "") if parts else (told, "")
    name = ""
    if field := _FIELD.fullmatch(what):
        name, what = field["name"], "is missing" if what.startswith("Object missing") else "unknown field"
    elif ": " in what:
        name, _, what = what.partition(": ")
    elif what.startswith("Invalid "):
        what = "not one of the values that xAPI has for it"
    elif "matching regex" in what:
        what = "not written as xAPI asks"
    steps = (place, path.lstrip(".").replace("[", ".").replace("]", ""), name[:64])
    at = ".".join(filter(None, steps))[:200]
    return Problem(400, "invalid_statement", f"{at or 'statement'}: {what}", [FieldError(field=at, message=what)])


def reference(id: UUID) -> dict[str, str]:
    """What the quarantine keeps of a statement, which is stored already."""
    return {"id": str(id)}


def moment(text: str) -> datetime:
    """An instant of ISO 8601; UTC where it names no zone. Raises ValueError."""
    if not _INSTANT.fullmatch(text) or text.endswith("-00:00"):
        raise ValueError("timestamp: not an instant of ISO 8601")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("timestamp: not an instant of ISO 8601") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _filled_in(sent: object) -> object:
    """A copy in which objects that may go without a type have the one that xAPI takes them for."""
    if not isinstance(sent, dict):
        return sent
    made = {name: _with_type(value, _FILLED_IN.get(name)) for name, value in sent.items()}
    if isinstance(context := made.get("context"), dict) and "instructor" in context:
        made["context"] = {**context, "instructor": _with_type(context["instructor"], "Agent")}
    if isinstance(inner := made.get("object"), dict) and inner.get("objectType") == "SubStatement":
        made["object"] = _filled_in(inner)
    return made


def _with_type(value: object, kind: str | None) -> object:
    return {"objectType": kind, **value} if kind and isinstance(value, dict) else value
