"""The vault: text opens with its key and with no other, and a key that is gone takes the text with it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url, text

from service.vault import Erased, Vault


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty key store, on either engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'keys.db'}"
        return
    base, name = request.getfixturevalue("postgres_server"), f"keys_{uuid4().hex}"
    with psycopg.connect(base, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        yield make_url(base).set(database=name).render_as_string(hide_password=False)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def vault(url: str) -> Iterator[Vault]:
    opened = Vault(url)
    yield opened
    opened.close()


def destroy(vault: Vault, key_id: object) -> None:
    with vault._database.write("work", "") as connection:
        ids = [str(key_id), str(key_id).replace("-", "")]
        for id in ids:
            connection.execute(text("DELETE FROM key WHERE CAST(key_id AS VARCHAR) = :id"), {"id": id})


@pytest.mark.parametrize("words", ["", "x", "Ünïcode ☕ and\nlines", "long " * 10_000])
def test_what_is_sealed_opens_again(vault: Vault, words: str) -> None:
    sealed = vault.seal("default", words)
    assert vault.open("default", sealed) == words
    # A letter or two may stand in any box.
    assert len(words) < 5 or words[:20] not in sealed.box


def test_the_same_text_never_looks_the_same_twice(vault: Vault) -> None:
    key = uuid4()
    first, second = vault.seal("default", "text", key), vault.seal("default", "text", key)
    assert first.key == second.key == key
    assert first.box != second.box


def test_many_texts_are_sealed_in_order_each_under_the_key_named(vault: Vault) -> None:
    shared = uuid4()
    texts = [(shared if n % 2 else uuid4(), f"text {n}") for n in range(1200)]
    sealed = vault.seal_many("default", texts)
    assert [one.key for one in sealed] == [key for key, _ in texts]
    opened = vault.open_many("default", dict(enumerate(sealed)))
    assert opened == {n: f"text {n}" for n in range(1200)}


def test_nothing_to_seal_or_open_is_no_question(vault: Vault) -> None:
    assert vault.seal_many("default", []) == []
    assert vault.open_many("default", {}) == {}


def test_a_key_that_is_gone_takes_its_text_with_it_and_no_other(vault: Vault) -> None:
    gone, kept = vault.seal("default", "gone"), vault.seal("default", "kept")
    destroy(vault, gone.key)
    with pytest.raises(Erased):
        vault.open("default", gone)
    with pytest.raises(Erased):
        vault.open_many("default", {"a": kept, "b": gone})
    assert vault.open("default", kept) == "kept"


def test_an_altered_text_does_not_open(vault: Vault) -> None:
    one, other = vault.seal("default", "one"), vault.seal("default", "other")
    with pytest.raises(ValueError, match="altered"):
        vault.open("default", replace(one, box=other.box))


def test_workspaces_have_keys_of_their_own(vault: Vault) -> None:
    key = uuid4()
    sealed = vault.seal("one", "text", key)
    with pytest.raises(Erased):
        vault.open("two", sealed)
    vault.seal("two", "another text", key)
    with pytest.raises(ValueError, match="wrong key"):
        vault.open("two", sealed)


def test_threads_that_make_the_same_key_at_once_agree_on_it(url: str) -> None:
    """Each has a store of its own, as processes have; who loses must seal under the key that was stored."""
    vaults = [Vault(url) for _ in range(4)]
    for _ in range(5):
        key, together = uuid4(), Barrier(len(vaults))

        def seal(number: int, key: object = key, together: Barrier = together) -> object:
            together.wait()
            return vaults[number].seal("default", f"by {number}", key)  # type: ignore[arg-type]

        with ThreadPoolExecutor(len(vaults)) as pool:
            sealed = list(pool.map(seal, range(len(vaults))))
        opened = vaults[0].open_many("default", dict(enumerate(sealed)))  # type: ignore[arg-type]
        assert opened == {number: f"by {number}" for number in range(len(vaults))}
    for vault in vaults:
        vault.close()


def test_processes_that_open_an_empty_store_at_once_all_can(url: str) -> None:
    """One that found the table missing, and made by another under its hands, once failed to start."""
    together = Barrier(6)

    def start(_: int) -> Vault:
        together.wait()
        return Vault(url)

    with ThreadPoolExecutor(6) as pool:
        vaults = list(pool.map(start, range(6)))
    assert len({vault.index("default", "email", "a@example.org") for vault in vaults}) == 1
    for vault in vaults:
        vault.close()


def test_a_blind_index_is_the_same_after_a_restart(url: str) -> None:
    first = Vault(url)
    indexes = [first.index("default", kind, value) for kind in ("email", "external") for value in ("a", "b")]
    first.close()
    second = Vault(url)
    assert [second.index("default", kind, value) for kind in ("email", "external") for value in ("a", "b")] == indexes
    assert len(set(indexes)) == 4
    second.close()


def test_a_blind_index_differs_from_workspace_to_workspace_and_from_store_to_store(
    vault: Vault, tmp_path: Path
) -> None:
    other = Vault(f"sqlite:///{tmp_path / 'other.db'}")
    indexes = {
        vault.index("one", "email", "a@example.org"),
        vault.index("two", "email", "a@example.org"),
        other.index("one", "email", "a@example.org"),
    }
    assert len(indexes) == 3
    assert not any("example" in index for index in indexes)
    other.close()


def test_kind_and_value_cannot_be_shifted_into_each_other(vault: Vault) -> None:
    assert vault.index("default", "e", "mail") != vault.index("default", "em", "ail")


def test_a_workspaces_key_for_a_purpose_is_one_and_differs_by_purpose(url: str) -> None:
    first, second = Vault(url), Vault(url)
    assert first.workspace_key("default", "session") == second.workspace_key("default", "session")
    keys = {first.workspace_key(w, p) for w in ("default", "other") for p in ("session", "blind-index")}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}
    first.close()
    second.close()
