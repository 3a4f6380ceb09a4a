"""API keys: shown once, kept as a hash, and told from mistyped ones without asking the store."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from service.access import ROLES, actions_of
from service.apikeys import _checksum, create_key, principal_of
from service.directory.tables import API_KEY
from service.organisation import create_workspace, issue_key
from service.takehold import NoWorkspace, Takehold


def made(takehold: Takehold, role: str = "champion", workspace: str = "default", **more: object) -> str:
    with takehold.database.write("work", workspace) as connection:
        return create_key(connection, workspace, role, **more)  # type: ignore[arg-type]


def test_a_key_says_whose_it_is(takehold: Takehold) -> None:
    for role in ROLES:
        key = made(takehold, role, source="lms")
        assert re.fullmatch("th_[a-z0-9]{10}_[a-z0-9]{38}", key)
        principal = principal_of(takehold.database, key)
        assert principal
        assert (principal.workspace_id, principal.role, principal.source) == ("default", role, "lms")
        assert principal.name == f"key:{key.split('_')[1]}"
        assert principal.scopes == actions_of(role)


def test_a_key_belongs_to_one_workspace(takehold: Takehold) -> None:
    create_workspace(takehold, "other")
    found = principal_of(takehold.database, made(takehold, workspace="other"))
    assert found
    assert found.workspace_id == "other"


def test_of_a_key_only_its_hash_is_kept(takehold: Takehold) -> None:
    key = made(takehold)
    with takehold.database.read() as connection:
        row = connection.execute(select(API_KEY)).one()
    secret = key.split("_")[2]
    assert not any(secret[:8] in str(value) for value in row)
    assert row.secret_hash != key


def test_scopes_are_never_more_than_the_role_has(takehold: Takehold) -> None:
    key = made(takehold, "viewer", scopes=frozenset({"changes:read", "changes:write", "nonsense"}))
    found = principal_of(takehold.database, key)
    assert found
    assert found.scopes == {"changes:read"}


def test_every_single_mistyped_character_is_noticed(takehold: Takehold) -> None:
    key = made(takehold)
    for place in range(len(key)):
        wrong = key[:place] + ("a" if key[place] != "a" else "b") + key[place + 1 :]
        assert principal_of(takehold.database, wrong) is None


def test_what_does_not_look_like_a_key_is_nobodys(takehold: Takehold) -> None:
    a, b = "a" * 10, "b" * 38
    for text in ("", "th", "th__", f"th_{a}", f"th_{a}_{b}\n", f"th_{a}_{b}é", "a\0b", "th_\0_", "th_ä_ö", "th_a_b_c"):
        assert principal_of(takehold.database, text) is None


def test_a_name_that_no_engine_can_look_for_is_nobodys_even_with_a_good_checksum(takehold: Takehold) -> None:
    """The checksum is no secret; PostgreSQL fails on a NUL in a text, and a failure is not an answer."""
    assert principal_of(takehold.database, f"th_\0_x{_checksum(chr(0) + 'x')}") is None


def test_a_key_with_a_good_checksum_that_nobody_made_is_nobodys(takehold: Takehold) -> None:
    key = made(takehold)
    prefix = key.split("_")[1]
    for name, secret in ((prefix, "b" * 32), ("a" * 10, "b" * 32)):
        forged = f"th_{name}_{secret}{_checksum(name + secret)}"
        assert principal_of(takehold.database, forged) is None


def test_a_key_ends_at_its_expiry(takehold: Takehold) -> None:
    end = datetime(2026, 3, 10, 12, tzinfo=UTC)
    key = made(takehold, expires_at=end)
    with time_machine.travel(end - timedelta(seconds=1), tick=False):
        assert principal_of(takehold.database, key)
    with time_machine.travel(end, tick=False):
        assert principal_of(takehold.database, key) is None


def test_a_revoked_key_is_nobodys(takehold: Takehold) -> None:
    key = made(takehold)
    with takehold.database.write("work", "default") as connection:
        connection.execute(update(API_KEY).values(revoked=True))
    assert principal_of(takehold.database, key) is None


def test_the_day_of_the_last_use_is_kept_and_written_once_a_day(takehold: Takehold) -> None:
    key = made(takehold)

    def last_used() -> str | None:
        with takehold.database.read() as connection:
            return connection.scalar(select(API_KEY.c.last_used_day))

    assert last_used() is None
    for instant, day in (
        (datetime(2026, 3, 10, 0, 1, tzinfo=UTC), "2026-03-10"),
        (datetime(2026, 3, 10, 23, 59, tzinfo=UTC), "2026-03-10"),
        (datetime(2026, 3, 11, 0, 0, tzinfo=UTC), "2026-03-11"),
    ):
        with time_machine.travel(instant, tick=False):
            assert principal_of(takehold.database, key)
        assert last_used() == day


def test_a_key_needs_a_workspace(takehold: Takehold) -> None:
    with pytest.raises(NoWorkspace):
        issue_key(takehold, "nowhere", "admin")
