"""A crowd in our own store, and the same observations in plain tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy import insert

from benchmarks.crowd import Crowd
from benchmarks.engines import Engine, plain_postgres, plain_sqlite
from benchmarks.peers import copy, executemany
from events.activity import pack
from events.tables import ACTIVITY, USAGE, table
from events.usage_log import intern_feature, intern_source
from service.commands.changes import impact_role, launch_change
from service.takehold import Takehold

CHANGE = "assistant"
_CHUNK = 5000


def fill(takehold: Takehold, crowd: Crowd) -> None:
    """Change and roles through the commands; members, links and activity sets as finished rows.

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
    takehold.catch_up("default")
    _people(takehold, crowd, change.id, roles, go_live)
    with takehold.database.write("usage", "default") as connection:
        source = intern_source(connection, "default", "app")
        for name in ("one", "two"):
            intern_feature(connection, "default", CHANGE, name)
        for feature, row, accounts, counts in crowd.sets():
            day = date.fromordinal(crowd.first_day + row)
            packed = dict(zip(("accounts", "counts"), pack(accounts, counts), strict=True))
            place = {"workspace_id": "default", "source_id": source, "feature_id": feature}
            connection.execute(insert(ACTIVITY).values(**place, day=day, received_day=day, seq=0, **packed))


def _people(takehold: Takehold, crowd: Crowd, change: UUID, roles: list[UUID], start: date) -> None:
    chance = np.random.default_rng(13)
    people = [UUID(bytes=chance.bytes(16), version=4) for _ in range(crowd.people)]
    stood = {"workspace_id": "default", "since_position": 1, "until_position": None}
    members = [
        {**stood, "change_id": change, "role_id": roles[role], "person_id": person, "start": start}
        for person, role in zip(people, crowd.role.tolist(), strict=True)
    ]
    links = [{**stood, "account_id": number, "person_id": person} for number, person in enumerate(people, start=1)]
    for name, rows in (("rm_member", members), ("rm_link", links)):
        for some in range(0, len(rows), _CHUNK):
            with takehold.database.write("work", "default") as connection:
                connection.execute(insert(table(name)), rows[some : some + _CHUNK])


def fill_plain(engine: Engine, url: str, crowd: Crowd) -> None:
    """Every observation in the usage table, and in `role_of` which account has which role; with fresh statistics."""
    with copy(url, USAGE) if engine == "postgres" else executemany(engine, url, USAGE) as into:
        for rows in _rows(crowd):
            into(rows)
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
