"""Sixteen weeks of telemetry, drawn from each role's story."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from service.demo.story import FEATURES, SILENT_WEEK, WEEKS, RoleStory
from service.intake.store import Use, store
from service.takehold import Takehold

_UNKNOWN_SHARE = 0.02
_BATCH = 2000


def post_usage(
    takehold: Takehold,
    people: Sequence[tuple[str, RoleStory]],
    go_live: date,
    today: date,
    chance: np.random.Generator,
    progress: Callable[[str, int, int], None],
) -> None:
    """Draws and stores every working day's use up to yesterday; what came in on a day was received that day."""
    users = [(external, role, chance.random()) for external, role in people]
    strangers = [
        (f"contractor-{n}", role, 0.1) for n, (_, role, _) in enumerate(users[: int(len(users) * _UNKNOWN_SHARE)])
    ]
    days = [go_live + timedelta(days=n) for n in range(7 * WEEKS + 7)]
    working = [day for day in days if day.weekday() < 5 and day < today]
    for done, day in enumerate(working, start=1):
        by_source: dict[str, list[Use]] = {}
        week = (day - go_live).days // 7
        for actor, role, rank in [*users, *strangers]:
            if chance.random() < _likelihood(role, week, rank):
                for source, use in _uses(actor, day, chance):
                    by_source.setdefault(source, []).append(use)
        if week == SILENT_WEEK and day.weekday() < 4:
            by_source.pop("mail-plugin", None)
        received = int(datetime.combine(day, time(21), UTC).timestamp() * 1000)
        for source, uses in by_source.items():
            for start in range(0, len(uses), _BATCH):
                store(takehold, "default", source, uses[start : start + _BATCH], received)
        progress("observations", done, len(working))


def _likelihood(role: RoleStory, week: int, rank: float) -> float:
    """Chance that somebody uses the tool on a day. rank: 0 to 1, how late in their role they take it up."""
    if rank > role.uptake:
        return 0.01
    # The eager start at once, the last four weeks later.
    if week < role.start_week + 5 * rank / role.uptake:
        return 0.02
    if role.slip_week is not None and week >= role.slip_week and rank > 0.25 * role.uptake:
        return 0.5 * 0.35 ** (week - role.slip_week + 1)
    return 0.72


def _uses(actor: str, day: date, chance: np.random.Generator) -> list[tuple[str, Use]]:
    uses = []
    for number in range(1 + int(chance.poisson(8.4))):
        source, app, feature = FEATURES[int(chance.choice(len(FEATURES), p=(0.34, 0.3, 0.16, 0.2)))]
        seconds = int(chance.integers(8 * 3600, 16 * 3600))
        instant = datetime.combine(day, time(0), UTC) + timedelta(seconds=seconds)
        item = f"{actor}-{day.isoformat()}-{number}"
        uses.append((source, Use(item, app, feature, actor, int(instant.timestamp() * 1000))))
    return uses
