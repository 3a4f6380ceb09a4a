"""`takehold retract` and `takehold withdraw`, as they are typed: what they say of what they took back."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from events.log import read
from events.types.trust import FactWithdrawn
from service.intake.store import Use, store
from tests.service.cli.runs import prepare, service, typed

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=3)
"""Three days ago; the office is in Berlin, where it is the same day."""

UNDO = re.compile(r"To undo it: takehold withdraw (\S+) --reason TEXT\n\Z")


@pytest.fixture(autouse=True)
def used(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """p1 used the assistant on three days, p2 on the last of them, p3 on none, as it is said later."""
    prepare(database_url, tmp_path, monkeypatch)
    use("browser", *(("p1", day) for day in range(3)), ("p2", 2))
    with closing(service()) as takehold:
        none = Use("none", "assistant", "ask", "p3", ms(0), 0, grain="day")
        store(takehold, "default", "browser", [none])


def ms(day: int) -> int:
    return int((NOON + timedelta(days=day)).timestamp() * 1000)


def use(source: str, *told: tuple[str, int]) -> None:
    """Somebody used the assistant, so many days after the first."""
    with closing(service()) as takehold:
        uses = [Use(f"{who} {day}", "assistant", "ask", who, ms(day)) for who, day in told]
        assert all(store(takehold, "default", source, uses))


def on(day: int) -> str:
    return (NOON + timedelta(days=day)).date().isoformat()


def retracted(*words: str) -> tuple[str, str]:
    """What a retraction says, and the id that undoes it."""
    done = typed("retract", *words, "--reason", "a test")
    assert (done.exit_code, done.stderr) == (0, "")
    undo = UNDO.search(done.stdout)
    assert undo
    return done.stdout[: undo.start()].strip(), undo[1]


def test_a_retraction_says_how_much_it_took_back_and_how_to_undo_it() -> None:
    said, undo = retracted("browser")
    assert said == f"Retracted 3 days of use by 2 accounts, from {on(0)} to {on(2)}."
    done = typed("withdraw", undo, "--reason", "it was right")
    assert done.exit_code == 0
    assert retracted("browser")[0] == said


def test_it_counts_only_the_days_it_is_of_and_what_was_not_taken_back_before() -> None:
    use("other", ("p1", 0))
    assert retracted("browser", "--from", on(2))[0] == f"Retracted 1 day of use by 2 accounts, from {on(2)} to {on(2)}."
    assert retracted("browser")[0] == f"Retracted 2 days of use by 1 account, from {on(0)} to {on(1)}."
    assert retracted("browser")[0] == "Retracted 0 days of use by 0 accounts."
    assert retracted("other", "--to", on(0))[0] == f"Retracted 1 day of use by 1 account, from {on(0)} to {on(0)}."


def test_a_withdrawal_says_by_which_event_a_fact_was_taken_back() -> None:
    _, fact = retracted("browser")
    done = typed("withdraw", fact, "--reason", "it was right")
    with closing(service()) as takehold, takehold.database.read() as connection:
        [withdrawal] = read(connection, "default", types=[FactWithdrawn.wire])
    assert done.stdout == f"1 fact withdrawn, by event {withdrawal.event_id}.\n"
    assert typed("withdraw", fact, "--reason", "again").stdout == "0 facts withdrawn.\n"
