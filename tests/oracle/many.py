"""Many random histories through the real path, each metric beside the oracle."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, given, settings

from service.takehold import Takehold
from tests.oracle.compare import check
from tests.oracle.history import SHAPES, Shape, drawn

METRICS = ("adoption", "lifecycle", "retention", "segments", "funnel", "depth", "speed", "training")


@dataclass
class Seen:
    """histories: told. answers: compared, by metric and status."""

    histories: int = 0
    answers: Counter[str] = field(default_factory=Counter)

    def unproved(self) -> list[str]:
        """Metrics that were never seen with a figure, or never without one: of these nothing was shown."""
        shown = {key.split()[0] for key in self.answers if key.split()[1] in ("known", "shown")}
        withheld = {key.split()[0] for key in self.answers if key.split()[1] in ("unknown", "suppressed", "hidden")}
        return [metric for metric in METRICS if metric not in shown & withheld]

    def line(self) -> str:
        told = ", ".join(f"{metric} {self._count(metric)}" for metric in METRICS)
        return f"{self.histories} histories, answers with figures of all: {told}; none differs from the oracle"

    def _count(self, metric: str) -> str:
        mine = {key.split()[1]: count for key, count in self.answers.items() if key.split()[0] == metric}
        return f"{mine.get('known', 0) + mine.get('shown', 0)}/{sum(mine.values())}"


def compare_many(takehold: Takehold, histories: int) -> Seen:
    """Raises AssertionError with the shape of the smallest history found on which an answer differs."""
    seen = Seen()

    @settings(
        max_examples=histories,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(SHAPES)
    def compare(shape: Shape) -> None:
        counted = check(takehold, *drawn(shape))
        seen.histories += 1
        seen.answers.update(counted)

    compare()
    return seen
