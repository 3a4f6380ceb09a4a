"""Reads GitHub Copilot's usage metrics by user: lines of JSON, one for each user and day.

Fields as GitHub documents them for the user-level reports of its Copilot usage metrics, looked up in November 2026.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import IO, Annotated

import msgspec

from service.intake.imports.aggregates import Aggregate
from service.intake.imports.cells import Unusable, name_in, past_day_in
from service.intake.imports.files import LeftOut, NotAnExport, lines, tally
from service.intake.imports.usage_import import Row

APP = "github-copilot"
_Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class _ByFeature(msgspec.Struct):
    """user_initiated_interaction_count: prompts sent. code_generation_activity_count: answers and completions shown.
    code_acceptance_activity_count: those that were taken over."""

    feature: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    user_initiated_interaction_count: _Count = 0
    code_generation_activity_count: _Count = 0
    code_acceptance_activity_count: _Count = 0


class _Prompts(msgspec.Struct):
    prompt_count: _Count = 0


class _Jobs(msgspec.Struct):
    user_initiated_interaction_count: _Count = 0


class _Line(msgspec.Struct):
    """What is read of a line; it has more, and shall have more when GitHub adds to it."""

    day: str
    user_login: str
    totals_by_feature: list[_ByFeature] | None = None
    totals_by_cli: _Prompts | None = None
    totals_by_copilot_app: _Prompts | None = None
    totals_by_3rd_party_agent: list[_Jobs] | None = None


_LINE = msgspec.json.Decoder(_Line)


class CopilotFile:
    """An open export, to be read as often as wanted. Raises NotAnExport, when it is made or while it is read."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.name, self._file = name, file
        if not any(line.strip() for line in lines(file, name)):
            raise NotAnExport(f"{name} is empty.")

    def rows(self, today: date, known: Sequence[tuple[str, str]] = ()) -> Iterator[Row | LeftOut]:
        """Every line, judged. known: features and kinds that were ever reported; what a line does not name is 0."""
        with tally() as seen:
            for number, line in enumerate(lines(self._file, self.name), start=1):
                if not line.strip():
                    continue
                try:
                    told = _decoded(line)
                    login = name_in("user_login", told.user_login, 256)
                    day = past_day_in("day", told.day, today)
                    # Reports of several organisations repeat a user's day, with the same figures in each.
                    if seen.times(f"{login}\0{day}") > 1:
                        raise Unusable("day", "is one that an earlier line tells of for this user")
                    counts = dict.fromkeys(known, 0) | _counts(told)
                except Unusable as unusable:
                    yield LeftOut(number, unusable.column, unusable.reason)
                    continue
                yield Row(
                    number,
                    [Aggregate(APP, name, login, day, count, kind=kind) for (name, kind), count in counts.items()],
                )


def _decoded(line: bytes) -> _Line:
    try:
        return _LINE.decode(line)
    except msgspec.ValidationError as error:
        raise Unusable(None, f"is not as Copilot writes it: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unusable(None, "is no JSON") from None


def _counts(told: _Line) -> dict[tuple[str, str], int]:
    """How often, by feature and kind.

    What was shown without being asked for is passive. Taking over what was shown is something a user does, so it is use
    (of kind success); it says nothing about how well they work with it.
    """
    counts: dict[tuple[str, str], int] = {}
    for one in told.totals_by_feature or ():
        name = name_in("totals_by_feature", one.feature, 128)
        for kind, count in (
            ("use", one.user_initiated_interaction_count),
            ("success", one.code_acceptance_activity_count),
            ("passive", one.code_generation_activity_count),
        ):
            counts[name, kind] = counts.get((name, kind), 0) + count
    # What is prompted there is in none of the features above.
    for name, prompts in (("cli", told.totals_by_cli), ("copilot_app", told.totals_by_copilot_app)):
        if prompts:
            counts[name, "use"] = counts.get((name, "use"), 0) + prompts.prompt_count
    if told.totals_by_3rd_party_agent:
        jobs = sum(one.user_initiated_interaction_count for one in told.totals_by_3rd_party_agent)
        counts["3rd_party_agent", "use"] = jobs
    return counts
