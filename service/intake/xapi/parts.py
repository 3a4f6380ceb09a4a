"""What an xAPI statement may be made of, to the letter of the standard.

Source: https://github.com/adlnet/xAPI-Spec/blob/master/xAPI-Data.md (1.0.3)
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

Iri = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+\Z", max_length=2048)]
Uuid = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")]
Language = Annotated[str, Meta(pattern=r"^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*\Z")]
Words = dict[Language, str]
Extensions = dict[Iri, Any]
_Mbox = Annotated[str, Meta(pattern=r"^mailto:[^@\s]+@[^@\s]+\Z", max_length=1024)]
_Sum = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{40}\Z")]
_Name = Annotated[str, Meta(min_length=1)]
_Duration = Annotated[
    str,
    Meta(pattern=r"^P(?=.)([0-9.]+W|([0-9.]+Y)?([0-9.]+M)?([0-9.]+D)?(T(?=.)([0-9.]+H)?([0-9.]+M)?([0-9.]+S)?)?)\Z"),
]


class Part(Struct, forbid_unknown_fields=True, rename="camel"):
    """A JSON object of a statement. What is missing is UNSET, since null is not allowed."""


class Account(Part):
    home_page: Iri
    name: _Name


class _Named(Part):
    name: str | UnsetType = UNSET
    mbox: _Mbox | UnsetType = UNSET
    mbox_sha1sum: _Sum | UnsetType = field(default=UNSET, name="mbox_sha1sum")
    openid: Iri | UnsetType = UNSET
    account: Account | UnsetType = UNSET

    @property
    def identifier(self) -> tuple[str, ...] | None:
        """How it can be told from all others, its kind first; None for a group that nothing names.

        Raises ValueError for more than one, of which nobody could say which counts.
        """
        found: list[tuple[str, ...]] = [
            (kind, value)
            for kind, value in (("mbox", self.mbox), ("mbox_sha1sum", self.mbox_sha1sum), ("openid", self.openid))
            if isinstance(value, str)
        ]
        if isinstance(self.account, Account):
            found.append(("account", self.account.home_page, self.account.name))
        if len(found) > 1:
            raise ValueError("has more than one of mbox, mbox_sha1sum, openid and account")
        return found[0] if found else None


class Agent(_Named, tag_field="objectType", tag="Agent"):
    def __post_init__(self) -> None:
        if self.identifier is None:
            raise ValueError("has none of mbox, mbox_sha1sum, openid and account")


class Group(_Named, tag_field="objectType", tag="Group"):
    member: list[Agent] | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.identifier is None and not self.member:
            raise ValueError("is neither named nor has members")


class Verb(Part):
    id: Iri
    display: Words | UnsetType = UNSET


class Component(Part):
    id: _Name
    description: Words | UnsetType = UNSET


class Definition(Part):
    name: Words | UnsetType = UNSET
    description: Words | UnsetType = UNSET
    type: Iri | UnsetType = UNSET
    more_info: Iri | UnsetType = UNSET
    interaction_type: (
        Literal[
            "true-false",
            "choice",
            "fill-in",
            "long-fill-in",
            "matching",
            "performance",
            "sequencing",
            "likert",
            "numeric",
            "other",
        ]
        | UnsetType
    ) = UNSET
    correct_responses_pattern: list[str] | UnsetType = UNSET
    choices: list[Component] | UnsetType = UNSET
    scale: list[Component] | UnsetType = UNSET
    source: list[Component] | UnsetType = UNSET
    target: list[Component] | UnsetType = UNSET
    steps: list[Component] | UnsetType = UNSET
    extensions: Extensions | UnsetType = UNSET


class Activity(Part, tag_field="objectType", tag="Activity"):
    id: Iri
    definition: Definition | UnsetType = UNSET


class StatementRef(Part, tag_field="objectType", tag="StatementRef"):
    id: Uuid


class Score(Part):
    scaled: Annotated[float, Meta(ge=-1, le=1)] | UnsetType = UNSET
    raw: float | UnsetType = UNSET
    min: float | UnsetType = UNSET
    max: float | UnsetType = UNSET


class Result(Part):
    score: Score | UnsetType = UNSET
    success: bool | UnsetType = UNSET
    completion: bool | UnsetType = UNSET
    response: str | UnsetType = UNSET
    duration: _Duration | UnsetType = UNSET
    extensions: Extensions | UnsetType = UNSET


class ContextActivities(Part):
    """Versions before 1.0 sent one activity where a list is meant."""

    parent: list[Activity] | Activity | UnsetType = UNSET
    grouping: list[Activity] | Activity | UnsetType = UNSET
    category: list[Activity] | Activity | UnsetType = UNSET
    other: list[Activity] | Activity | UnsetType = UNSET


class Context(Part):
    registration: Uuid | UnsetType = UNSET
    instructor: Agent | Group | UnsetType = UNSET
    team: Group | UnsetType = UNSET
    context_activities: ContextActivities | UnsetType = UNSET
    revision: str | UnsetType = UNSET
    platform: str | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    statement: StatementRef | UnsetType = UNSET
    extensions: Extensions | UnsetType = UNSET
    context_agents: list[dict[str, Any]] | UnsetType = UNSET
    context_groups: list[dict[str, Any]] | UnsetType = UNSET


class Attachment(Part):
    """Described here, kept elsewhere: what has no address would have to come along, which we do not take."""

    usage_type: Iri
    display: Words
    content_type: str
    length: int
    sha2: str
    file_url: Iri
    description: Words | UnsetType = UNSET
