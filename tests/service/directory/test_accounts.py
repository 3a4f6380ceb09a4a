"""Accounts of usage sources, and whose they turn out to be."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import select

from events.types.people import ActorLinked
from service.commands.usage import retract
from service.directory.accounts import link, unlinked_of_known_people
from service.directory.announce import Announced, announce
from service.directory.tables import ACCOUNT
from service.intake.store import Use, store
from tests.service.api.office import Office


def use(office: Office, source: str, *actors: str) -> None:
    store(
        office.takehold,
        office.id,
        source,
        [Use(actor, "copilot", "chat", actor, 1_773_144_000_000) for actor in actors],
    )


def pairs(office: Office, limit: int = 1000) -> dict[int, object]:
    with office.takehold.database.read() as connection:
        return dict(unlinked_of_known_people(connection, office.id, limit))


def unknown(office: Office) -> tuple[int, int]:
    with office.takehold.database.read() as connection:
        linked = connection.scalars(select(ACCOUNT.c.linked).where(ACCOUNT.c.workspace_id == office.id)).all()
    return linked.count(False), len(linked)


def test_an_account_is_linked_once_somebody_announces_its_actor(office: Office) -> None:
    use(office, "tool", "ada", "stranger")
    assert pairs(office) == {}
    assert unknown(office) == (2, 2)
    office.alice.post("/people", [{"external_id": "ada"}])
    assert list(pairs(office).values()) == [office.person("ada")]
    office.follow()
    office.follow()
    assert [one.event.person for one in office.events(ActorLinked)] == [office.person("ada")]
    assert pairs(office) == {}
    assert unknown(office) == (1, 2)


def test_the_sources_own_name_goes_before_the_default_sources_even_at_the_end_of_a_batch(office: Office) -> None:
    """Each account has two people it might be; a batch that ends between them must not take the wrong one."""
    names = [f"n{n}" for n in range(5)]
    with office.takehold.command(office.id, "test", "api") as unit:
        announce(unit, [Announced(name) for name in names])
        own = announce(unit, [Announced(name, source="tool") for name in names])
    use(office, "tool", *names)
    for limit in range(1, 11):
        assert set(pairs(office, limit).values()) <= set(own)
    assert set(pairs(office).values()) == set(own)


def test_only_the_source_itself_and_the_default_one_say_whose_an_account_is(office: Office) -> None:
    with office.takehold.command(office.id, "test", "api") as unit:
        announce(unit, [Announced("ada", source="lms")])
    use(office, "tool", "ada")
    assert pairs(office) == {}


def test_linking_is_a_fact_in_the_persons_stream(office: Office) -> None:
    with office.takehold.command(office.id, "test", "api") as unit:
        ada = announce(unit, [Announced("ada")])[0]
    use(office, "tool", "ada")
    with office.takehold.command(office.id, "system", "worker") as unit:
        link(unit, unlinked_of_known_people(unit.connection, office.id))
    recorded = office.events(ActorLinked)[0]
    assert (recorded.stream, recorded.event.person) == (ada, ada)


def test_an_actor_of_a_source_is_the_same_account_after_a_retraction_and_in_an_import(office: Office) -> None:
    use(office, "tool", "ada")
    with office.takehold.command(office.id, "test", "api") as unit:
        retract(unit, "tool", "a test")
    use(office, "tool", "ada")
    store(office.takehold, office.id, "tool", [Use("1", "copilot", "chat", "ada", None)], import_id=uuid4())
    assert unknown(office) == (1, 1)
