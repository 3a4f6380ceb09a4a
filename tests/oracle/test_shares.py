"""Whatever is imported, sent, retracted and undone in whatever order, exactly what is retracted does not count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select

from events.log import read
from events.seals import broken_seals
from events.tables import SOURCE
from events.types.change import Feature
from events.types.usage import UsageSealed
from service.commands.usage import retract, retract_import
from service.commands.withdrawal import withdraw
from service.directory.tables import ACCOUNT
from service.http.problem import Problem
from service.intake.imports.aggregates import Aggregate
from service.intake.imports.files import LeftOut
from service.intake.imports.usage_import import Imported, Row, import_usage
from service.intake.store import Use, store
from service.organisation import create_workspace
from service.queries.imports import imports_of_usage
from service.queries.sets import counted, set_rows, told
from service.queries.view import view
from service.readmodels.rebuilding import rebuild
from service.readmodels.sources import sources
from service.settings import Settings
from service.takehold import Takehold
from service.worker.follow import caught_up
from service.worker.retain import retain
from tests.oracle.shares import Account, Days, Item, Place, Retraction

HISTORIES = {"sqlite": 8, "postgresql": 4}
FIRST = date(2026, 3, 2)
DAYS = [FIRST + timedelta(days=n) for n in range(3)]
ACTORS, FEATURES, SOURCES = ["ada", "bob"], ["draft", "mail"], ["files", "tool"]
_workspaces = count(1)


@dataclass(frozen=True)
class Send:
    """By the source itself."""

    source: str
    items: list[Item]


@dataclass(frozen=True)
class Import:
    """Of a file that tells of uses and of days."""

    source: str
    items: list[Item]
    values: dict[Place, int]


@dataclass(frozen=True)
class ImportAgain:
    """Of an earlier file."""

    which: int


@dataclass(frozen=True)
class RetractImport:
    which: int
    days: Days


@dataclass(frozen=True)
class RetractSource:
    source: str
    days: Days


@dataclass(frozen=True)
class Undo:
    which: int


@dataclass(frozen=True)
class Age:
    """Until what was told is no longer kept one by one."""


Step = Send | Import | ImportAgain | RetractImport | RetractSource | Undo | Age


def drawn(random: Random) -> list[tuple[int, Step]]:
    """Steps, and how many days later each is taken; on the same day the order alone decides."""
    return [(random.choice([0, 0, 1]), _step(random)) for _ in range(random.randint(8, 24))]


def _step(random: Random) -> Step:
    source, which = random.choice([*SOURCES[:1] * 4, *SOURCES]), random.randrange(100)
    days = random.choice([(None, None)] * 4 + [(DAYS[1], None), (None, DAYS[1]), (DAYS[1], DAYS[1])])
    makes: list[tuple[int, Callable[[], Step]]] = [
        (30, lambda: Import(source, _items(random), _values(random))),
        (12, lambda: ImportAgain(which)),
        (16, lambda: Send(source, _items(random))),
        (22, lambda: RetractImport(which, days)),
        (4, lambda: RetractSource(source, days)),
        (14, lambda: Undo(which)),
        (2, Age),
    ]
    return random.choices([make for _, make in makes], [weight for weight, _ in makes])[0]()


def _items(random: Random) -> list[Item]:
    numbers = [random.randrange(6) for _ in range(random.randint(0, 5))]
    return [
        Item(f"i{n}", random.choice(ACTORS), random.choice(FEATURES), DAYS[n % 3], random.randint(1, 3))
        for n in numbers
    ]


def _values(random: Random) -> dict[Place, int]:
    places = [(actor, feature, day) for actor in ACTORS for feature in FEATURES for day in DAYS]
    return {place: random.randint(0, 3) for place in random.sample(places, random.randint(1, 7))}


class File:
    """A file that was read."""

    name = "file"

    def __init__(self, told: Sequence[Aggregate | Use]) -> None:
        self._told = told

    def rows(self, today: date, known: Sequence[tuple[str, str]] = ()) -> Iterator[Row | LeftOut]:
        yield from (Row(line, [one]) for line, one in enumerate(self._told, start=1))


class Told:
    """A workspace and its plain account, told the same."""

    def __init__(self, takehold: Takehold) -> None:
        self.takehold, self.id = takehold, f"shares-{next(_workspaces)}"
        create_workspace(takehold, self.id, zone="Europe/Berlin")
        self.workspace = takehold.workspace(self.id)
        self.account = Account()
        self.files: list[Import] = []
        self.imports: list[UUID] = []
        self.undoable: list[tuple[Retraction, UUID]] = []

    def take(self, step: Step, now: datetime) -> None:
        match step:
            case Send(source, items):
                stored = sum(store(self.takehold, self.id, source, [_use(one) for one in items]))
                assert stored == self.account.tell(source, None, items)
            case Import():
                self._import(step)
            case ImportAgain(which) if self.files:
                self._import(self.files[which % len(self.files)])
            case RetractImport(which, days) if self.imports:
                self._retract_import(self.imports[which % len(self.imports)], days)
            case RetractSource(source, days):
                self._retract_source(source, days)
            case Undo(which) if self.undoable:
                retraction, event = self.undoable[which % len(self.undoable)]
                with self.takehold.command(self.id, "oracle", "api") as unit:
                    assert withdraw(unit, event, "not so") is not retraction.undone
                retraction.undone = True
            case Age() if self.account.rows:
                retain(self.takehold, self.workspace, now)
                self.account.forget()

    def _import(self, file: Import) -> None:
        self.files.append(file)
        day_values = [Aggregate("app", feature, actor, day, n) for (actor, feature, day), n in file.values.items()]
        rows = File([*(_use(one) for one in file.items), *day_values])
        done: Imported = import_usage(self.takehold, self.id, file.source, rows, lambda *_: None)
        self.imports.append(done.id)
        stored = self.account.tell(file.source, done.id, file.items)
        stored += self.account.set(file.source, done.id, file.values)
        assert done.stored == stored

    def _retract_import(self, id: UUID, days: Days) -> None:
        brought = any(row.share == id for row in self.account.rows)
        with self.takehold.command(self.id, "oracle", "api") as unit:
            if not brought:
                with pytest.raises(Problem, match="brought any observations"):
                    retract_import(unit, id, "not so", *days)
                return
            event = retract_import(unit, id, "not so", *days)
        self.undoable.append((self.account.retract_import(id, days), event))

    def _retract_source(self, source: str, days: Days) -> None:
        with self.takehold.command(self.id, "oracle", "api") as unit:
            if not self.account.knows(source):
                with pytest.raises(Problem, match="No source of that name"):
                    retract(unit, source, "not so", *days)
                return
            event = retract(unit, source, "not so", *days)
        self.undoable.append((self.account.retract_source(source, days), event))

    def figures(self, as_of: datetime | None = None) -> dict[tuple[str, Place], int]:
        """How often, by source and place, as the service counts it."""
        names = {
            self.takehold.vault.index(self.id, "external", actor): actor for actor in ACTORS
        }  # fmt: skip
        found: dict[tuple[str, Place], int] = defaultdict(int)
        with self.takehold.database.read() as connection:
            accounts = {
                row.account_id: (row.name, names[row.actor_index])
                for row in connection.execute(
                    select(ACCOUNT.c.account_id, ACCOUNT.c.actor_index, SOURCE.c.name)
                    .join(SOURCE, SOURCE.c.source_id == ACCOUNT.c.source_id)
                    .where(ACCOUNT.c.workspace_id == self.id, SOURCE.c.workspace_id == self.id)
                )
            }
            seen = view(connection, self.workspace, as_of)
            chosen = counted(seen, [Feature(app="app", feature=None)])
            features = {one.number: one.feature.feature or "" for one in chosen}
            for one in told(set_rows(seen, chosen), chosen):
                for number, times in zip(one.accounts.tolist(), one.counts.tolist(), strict=True):
                    source, actor = accounts[number]
                    found[source, (actor, features[one.feature], date.fromordinal(one.day))] += times
        return dict(found)

    def check_kept(self) -> None:
        """What was sealed is as it was sealed, and what is rebuilt is as it was live."""
        with self.takehold.database.read() as connection:
            broken = broken_seals(connection, self.id, [one for one in self._events() if isinstance(one, UsageSealed)])
            listed = {one.id for one in imports_of_usage(connection, self.id)}
        assert broken == []
        assert listed == {id for id in self.imports if any(row.share == id for row in self.account.rows)}
        for source in sources(self.workspace.zone).values():
            assert not rebuild(self.takehold.database, self.id, source, lambda *_: None, check_only=True).differing

    def _events(self) -> list[object]:
        with self.takehold.database.read() as connection:
            return [one.event for one in read(connection, self.id)]


def _use(item: Item) -> Use:
    noon = datetime.combine(item.day, datetime.min.time(), UTC) + timedelta(hours=11)
    return Use(item.id, "app", item.feature, item.actor, int(noon.timestamp() * 1000), item.count)


@pytest.fixture
def takehold(database_url: str, tmp_path: Path) -> Iterator[Takehold]:
    opened = Takehold(Settings(database_url=database_url, keys_url=f"sqlite:///{tmp_path / 'keys.db'}"))
    yield opened
    opened.close()


@pytest.mark.parametrize("seed", range(4))
def test_exactly_what_is_retracted_does_not_count_now_and_in_every_earlier_view(takehold: Takehold, seed: int) -> None:
    random = Random(seed)
    for _ in range(HISTORIES[takehold.database.engine.dialect.name]):
        _compare(Told(takehold), drawn(random))


def _compare(told: Told, steps: list[tuple[int, Step]]) -> None:
    now = datetime(2026, 3, 10, 11, tzinfo=UTC)
    days: dict[datetime, dict[tuple[str, Place], int]] = {}
    for later, step in steps:
        now += timedelta(days=41 if isinstance(step, Age) else later)
        with time_machine.travel(now):
            told.take(step, now)
            assert caught_up(told.takehold, told.workspace)
            expected = told.account.figures()
            assert told.figures() == expected, steps
        days[now.replace(hour=0)] = expected
    with time_machine.travel(now + timedelta(days=1)):
        for day, known in days.items():
            # Before the first step of the day, with it, and after the last.
            for hour in (0, 11, 21):
                assert told.figures(day.replace(hour=hour)) == known, (hour, steps)
        told.check_kept()
