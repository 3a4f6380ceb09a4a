"""Every metric of use is what a slow and obvious count of the raw events says it is."""

from __future__ import annotations

from pathlib import Path

from service.settings import Settings
from service.takehold import Takehold
from tests.oracle.many import METRICS, Seen, compare_many

HISTORIES = {"sqlite": 200, "postgresql": 20}


def test_every_metric_equals_a_slow_and_obvious_count_of_the_raw_events(database_url: str, tmp_path: Path) -> None:
    """Told, stored, folded and asked as in earnest. PostgreSQL has fewer of them, as only the store differs."""
    takehold = Takehold(Settings(database_url=database_url, keys_url=f"sqlite:///{tmp_path / 'keys.db'}"))
    try:
        number = HISTORIES[takehold.database.engine.dialect.name]
        seen = compare_many(takehold, number)
    finally:
        takehold.close()
    assert seen.histories >= number * 0.9
    if number > 100:
        assert seen.unproved() == []


def test_a_run_that_saw_no_figure_of_a_metric_says_that_it_proved_nothing() -> None:
    seen = Seen()
    assert seen.unproved() == list(METRICS)
    seen.answers.update({f"{metric} {status}": 1 for metric in METRICS for status in ("known", "unknown")})
    assert seen.unproved() == []
    del seen.answers["speed known"]
    assert seen.unproved() == ["speed"]
