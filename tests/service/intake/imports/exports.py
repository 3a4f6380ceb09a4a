"""Person queries of Viva Insights, made up: the columns are a real export's, the people are not."""

from __future__ import annotations

import csv
import os
import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

SUNDAY = date(2024, 3, 31)
APPS = ("Excel", "Loop", "OneNote", "Outlook", "Powerpoint", "Teams", "Word")
CHAT_DAYS = "Days_of_active_Copilot_chat__work__usage"
CHAT_ACTIONS = "Copilot_actions_taken_in_Copilot_chat_(work)"
DAYS = (CHAT_DAYS, *(f"Days_of_active_Copilot_usage_in_{app}" for app in APPS), "Total_Copilot_active_days")
ACTIONS = (
    CHAT_ACTIONS,
    *(f"Copilot_actions_taken_in_{app}" for app in APPS if app not in ("Loop", "OneNote")),
)
COLUMNS = (
    "PersonId",
    "MetricDate",
    "Collaboration_hours",
    *ACTIONS,
    *DAYS,
    "Total_Copilot_enabled_days",
    "Summarise_meeting_actions_taken_using_Copilot_in_Teams",
    "eSat",
    "Organization",
    "LevelDesignation",
)
SAMPLE = Path(__file__).parents[3] / ".." / "shared" / "data" / "viva-person-query.csv"


def sunday(number: int) -> date:
    """The first day of a week; the first week is number 0."""
    return SUNDAY + timedelta(weeks=number)


def row(person: str, week: date | str, organisation: str = "Sales", **cells: object) -> dict[str, object]:
    """A person's week with Copilot enabled and unused, unless `cells` says otherwise."""
    nothing = dict.fromkeys((*ACTIONS, *DAYS), 0)
    known = {"PersonId": person, "MetricDate": week, "Organization": organisation, "Total_Copilot_enabled_days": 5}
    return {"Collaboration_hours": 17.25, "eSat": 4, "LevelDesignation": "Senior IC", **nothing, **known, **cells}


def write(path: Path, rows: Iterable[Mapping[str, object]], columns: Sequence[str] = COLUMNS) -> Path:
    """The file, with every text in quotes as in a real export."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval=0, extrasaction="ignore", quoting=csv.QUOTE_NONNUMERIC)
        writer.writeheader()
        writer.writerows(rows)
    return path


def drawn(people: int, weeks: int, seed: int = 7) -> list[dict[str, object]]:
    """Rows of people who use it more or less, in four organisations that nobody leaves."""
    chance = random.Random(seed)
    cast = [(f"{chance.getrandbits(64):016x}", chance.choice(("HR", "IT", "Legal", "Sales"))) for _ in range(people)]
    eager = {person: chance.randint(0, 3) for person, _ in cast}
    return [
        row(
            person,
            sunday(week),
            organisation,
            **{column: min(7, chance.randint(0, 1 + eager[person])) for column in DAYS},
            **{column: chance.randint(0, 9) for column in ACTIONS},
        )
        for week in range(weeks)
        for person, organisation in cast
    ]


def biggest(folder: Path) -> Path:
    """A real export where there is one at hand, else one made up: 260 people in twenty weeks."""
    named = os.environ.get("TAKEHOLD_VIVA_SAMPLE")
    if named:
        return Path(named)
    return SAMPLE.resolve() if SAMPLE.exists() else write(folder / "drawn.csv", drawn(260, 20))
