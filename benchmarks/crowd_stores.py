"""A crowd in our own store, and the same observations in plain tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy import insert

from adkar.change import membership_id
from benchmarks.crowd import Crowd
from benchmarks.engines import Engine, plain_postgres, plain_sqlite
from benchmarks.floors import copy, executemany
from events.activity import pack
from events.envelope import NewEvent
from events.interning import intern_feature, intern_source
from events.tables import ACTIVITY, USAGE
from events.types.change import MemberPlaced
from events.types.people import ActorLinked
from service.commands.changes import impact_role, launch_change
from service.directory.sources import beat
from service.takehold import Takehold

CHANGE = "assistant"
SOURCE = "app"
_CHUNK = 5000
_EVENTS = 500


def fill(takehold: Takehold, crowd: Crowd) -> None:
    """Change, roles, members and links as events; the activity sets as finished rows.

    The sets are those the follower would have made: the results are compared with SQL over the raw rows.
    """
    go_live = date.fromordinal(crowd.first_day) - timedelta(days=60)
    with takehold.command("default", "system", "benchmark") as unit:
        change = launch_change(
            unit,
            {
                "key": CHANGE,
                "name": "Assistant",
                "go_live": go_live,
                "target": {"rate": 0.7, "by": go_live + timedelta(days=365)},
                "adoption": {"features": [{"app": CHANGE}], "window_days": 28, "min_days": 4},
            },
        )
        roles = [
            impact_role(unit, CHANGE, {"key": f"role{number}", "name": f"Role {number}"}).id
            for number in range(crowd.roles)
        ]
    _people(takehold, crowd, change.id, roles, go_live)
    source = intern(takehold, crowd)
    with takehold.database.write("usage", "default") as connection:
        # The change went live before anybody used anything, so that everybody is mature from the first day on.
        for day in range(go_live.toordinal(), crowd.first_day):
            beat(connection, "default", SOURCE, date.fromordinal(day))
        for feature, row, accounts, counts in crowd.sets():
            day = date.fromordinal(crowd.first_day + row)
            packed = dict(zip(("accounts", "counts"), pack(accounts, counts), strict=True))
            place = {"workspace_id": "default", "source_id": source, "feature_id": feature}
            connection.execute(
                insert(ACTIVITY).values(**place, generation=1, day=day, received_day=day, seq=0, **packed)
            )


def intern(takehold: Takehold, crowd: Crowd) -> int:
    """The source, whose number it returns, and the features, which get theirs in order."""
    with takehold.database.write("usage", "default") as connection:
        for number in range(1, crowd.features + 1):
            intern_feature(connection, "default", CHANGE, f"feature{number}")
        return intern_source(connection, "default", SOURCE).number


def _people(takehold: Takehold, crowd: Crowd, change: UUID, roles: list[UUID], start: date) -> None:
    chance, instant = np.random.default_rng(13), datetime.combine(start, time(8), UTC)
    told = []
    for account, role in enumerate(crowd.role.tolist(), start=1):
        person = UUID(bytes=chance.bytes(16), version=4)
        placed = MemberPlaced(change=change, role=roles[role], person=person, start=start)
        linked = ActorLinked(account=account, person=person)
        stream = membership_id(roles[role], person)
        told.append(NewEvent(stream=stream, event=placed, occurred_at=instant))
        told.append(NewEvent(stream=person, event=linked, occurred_at=instant))
    for some in range(0, len(told), _EVENTS):
        with takehold.command("default", "system", "benchmark") as unit:
            unit.append_all(told[some : some + _EVENTS])
    takehold.catch_up("default")


def fill_plain(engine: Engine, url: str, crowd: Crowd) -> None:
    """Every observation in the usage table, and in `role_of` which account has which role; with fresh statistics."""
    observe(engine, url, crowd)
    roles = list(zip(range(1, crowd.people + 1), crowd.role.tolist(), strict=True))
    create = "CREATE TABLE role_of (account_id integer PRIMARY KEY, role integer NOT NULL)"
    if engine == "sqlite":
        with closing(plain_sqlite(url)) as plain:
            plain.execute(create)
            plain.execute("BEGIN")
            plain.executemany("INSERT INTO role_of VALUES (?, ?)", roles)
            plain.execute("COMMIT")
            plain.execute("ANALYZE")
        return
    with closing(plain_postgres(url)) as server:
        server.execute(create)
        server.cursor().executemany("INSERT INTO role_of VALUES (%s, %s)", roles)
        server.execute("ANALYZE")
        server.commit()


def observe(engine: Engine, url: str, crowd: Crowd) -> None:
    """Copies every observation into the usage table, in chunks."""
    with copy(url, USAGE) if engine == "postgres" else executemany(engine, url, USAGE) as into:
        for rows in _rows(crowd):
            into(rows)


def _rows(crowd: Crowd) -> Iterator[list[tuple[object, ...]]]:
    chance = np.random.default_rng(17)
    for start in range(0, len(crowd.account), _CHUNK):
        some = slice(start, start + _CHUNK)
        columns = (crowd.account[some].tolist(), crowd.feature[some].tolist(), crowd.occurred_ms[some].tolist())
        # Keys as ours are: 48 bits of time, then 80 that look random.
        yield [
            ("default", ms.to_bytes(6, "big") + chance.bytes(10), seq, 1, account, feature, ms, ms, None, 1, None, None)
            for seq, (account, feature, ms) in enumerate(zip(*columns, strict=True), start=start + 1)
        ]
