"""Where one person stands at an instant, as each source sees it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from adkar.elements import ELEMENTS, Element, Scores, Source

VALIDITY = timedelta(days=90)


@dataclass(frozen=True)
class Assessment:
    """One completed assessment, of a person or, with `person` None, the average of `n` people of a role.

    `scores` run from 1 to 5 and may lack elements; `method` is a free name; `occurred_at` carries its zone.
    """

    person: UUID | None
    source: Source
    scores: Scores
    method: str
    n: int | None
    occurred_at: datetime


@dataclass(frozen=True)
class Profile:
    """The scores of one person that hold, from one source; `given_at` has the instant of each score."""

    person: UUID
    source: Source
    scores: Scores
    given_at: Mapping[Element, datetime]


def profiles(
    assessments: Iterable[Assessment], now: datetime, validity: timedelta = VALIDITY
) -> Mapping[Source, Profile]:
    """The latest score per element and per source of one person; a source without any is left out.

    A score holds from its instant until `validity` later, exclusive, and nothing is interpolated. Of two
    given at the same instant the later in the sequence, in the order of the log, is the correction and wins.
    Raises ValueError when the assessments are of more than one person, or of a group.
    """
    # sorted() is stable, so equal instants keep the order of the log.
    in_time = sorted(assessments, key=lambda a: a.occurred_at)
    if not in_time:
        return {}
    person = in_time[0].person
    if person is None or any(assessment.person != person for assessment in in_time):
        raise ValueError("a profile is made of the assessments of one person")
    held: dict[Source, list[Assessment]] = {}
    for assessment in in_time:
        if assessment.occurred_at <= now < assessment.occurred_at + validity:
            held.setdefault(assessment.source, []).append(assessment)
    return {source: _latest(person, source, given) for source, given in held.items()}


def _latest(person: UUID, source: Source, in_time: Iterable[Assessment]) -> Profile:
    scores: dict[Element, float] = {}
    given_at: dict[Element, datetime] = {}
    for assessment in in_time:
        scores |= assessment.scores
        given_at |= dict.fromkeys(assessment.scores, assessment.occurred_at)
    return Profile(person, source, scores, given_at)


def gap(profiles: Mapping[Source, Profile]) -> Mapping[Source, Mapping[Element, float]]:
    """Per other source, self minus that source in points, for the elements which both have scored.

    Positive: the person rates themselves higher. A source without a common element is left out.
    """
    if "self" not in profiles:
        return {}
    own = profiles["self"].scores
    differences = {
        source: {e: own[e] - other.scores[e] for e in ELEMENTS if e in own and e in other.scores}
        for source, other in profiles.items()
        if source != "self"
    }
    return {source: difference for source, difference in differences.items() if difference}
