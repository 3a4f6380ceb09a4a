"""What is decided about observations; the observations themselves live in the usage log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from events.sealed import Sealed
from events.types.base import Event


@dataclass(frozen=True, kw_only=True)
class UsageRetracted(Event):
    """What a source had reported, or an import in its name, was wrong and counts no longer; what it reports from here
    on counts.

    source: name of the source.
    import_id: import whose share alone is retracted, none for all that the source reported.
    numbers: under which these observations stand in the usage log up to here.
    start: first day of use that is retracted, none for all earlier ones too.
    end: last day of use that is retracted, none for all later ones too.
    received: only what came in on this day, none for whenever it came.
    reason: free text, sealed.
    """

    wire: ClassVar[str] = "usage.retracted"
    version: ClassVar[int] = 2
    source: str
    import_id: UUID | None = None
    numbers: tuple[int, ...]
    start: date | None = None
    end: date | None = None
    received: date | None = None
    reason: Sealed


@dataclass(frozen=True, kw_only=True)
class UsageSealed(Event):
    """The activity sets of what came in on a day are closed: they never change again, and can be checked.

    received: local day on which the observations came in.
    sets: how many sets there are of that day.
    digest: SHA-256 over them, 64 hex digits, made as `events.seals` describes.
    through: number of the last observation that had been counted when the day was closed.
    """

    wire: ClassVar[str] = "usage.sealed"
    received: date
    sets: int
    digest: str
    through: int


@dataclass(frozen=True, kw_only=True)
class SourceExpected(Event):
    """From when on a source has to report; on working days on which it does not, it is silent and nothing is known.

    source: name of the source.
    since: first day, none when nothing is agreed any more.
    """

    wire: ClassVar[str] = "source.expected"
    source: str
    since: date | None
