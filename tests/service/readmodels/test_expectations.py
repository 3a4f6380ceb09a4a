"""From when on a source has to report: the last word counts, and at every position what was said up to there."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from events.types.usage import SourceExpected
from service.readmodels.expectations import expected_since
from tests.service.api.office import Office

STREAM = UUID("00000000-0000-4000-8000-000000000010")
MARCH, APRIL = date(2026, 3, 2), date(2026, 4, 1)


def say(office: Office, source: str, since: date | None) -> int:
    with office.takehold.command(office.id, "test", "api") as unit:
        [recorded] = unit.append(STREAM, [SourceExpected(source=source, since=since)])
    return recorded.position


def test_the_last_word_on_each_source_counts(office: Office) -> None:
    positions = [say(office, "a", MARCH), say(office, "b", APRIL), say(office, "a", APRIL), say(office, "b", None)]
    with office.takehold.database.read() as connection:
        known = [expected_since(connection, office.id, at) for at in (0, *positions)]
        now = expected_since(connection, office.id)
    assert known == [{}, {"a": MARCH}, {"a": MARCH, "b": APRIL}, {"a": APRIL, "b": APRIL}, {"a": APRIL}]
    assert now == {"a": APRIL}
