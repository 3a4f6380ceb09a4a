"""Announcing people: who is new, who is known by another name, and what each announcement alters."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Row, select

from events.types.people import PersonConfirmed, PersonRegistered
from service.directory.announce import Announced, Rejected, announce, provisional
from service.directory.people import Contact, contact, find
from service.directory.tables import PERSON
from tests.service.api.office import Office

MAIL_TAKEN = Rejected("email_taken", "email")
NO_MANAGER = Rejected("unknown_manager", "manager")


def tell(office: Office, *people: Announced) -> list[UUID | Rejected]:
    with office.takehold.command(office.id, "test", "import") as unit:
        return announce(unit, people)


def row(office: Office, person: UUID | Rejected) -> Row[tuple[object, ...]]:
    with office.takehold.database.read() as connection:
        return connection.execute(
            select(PERSON).where(PERSON.c.workspace_id == office.id, PERSON.c.person_id == person)
        ).one()


def reach(office: Office, person: UUID | Rejected) -> Contact | None:
    assert isinstance(person, UUID)
    with office.takehold.database.read() as connection:
        return contact(connection, office.takehold.vault, office.id, person)


def registered(office: Office) -> list[UUID]:
    return [one.event.person for one in office.events(PersonRegistered)]


def test_managers_may_be_announced_further_down(office: Office) -> None:
    ada, bea, cid = tell(office, Announced("ada", manager="bea"), Announced("bea", manager="cid"), Announced("cid"))
    assert [row(office, one).manager_id for one in (ada, bea, cid)] == [bea, cid, None]
    assert set(registered(office)) == {ada, bea, cid}
    assert len(office.events(PersonRegistered)) == 3


def test_people_may_manage_each_other_and_themselves(office: Office) -> None:
    ada, bea, cid = tell(
        office, Announced("ada", manager="bea"), Announced("bea", manager="ada"), Announced("cid", manager="cid")
    )
    assert [row(office, one).manager_id for one in (ada, bea, cid)] == [bea, ada, cid]
    assert len(registered(office)) == 3


def test_whoever_names_a_manager_nobody_knows_is_refused_and_so_are_those_below(office: Office) -> None:
    """A manager who was refused must not come to be by having been named."""
    answers = tell(
        office,
        Announced("ada", manager="bea"),
        Announced("bea", manager="nobody"),
        Announced("cid", email="c@example.org"),
        Announced("dee", email="c@example.org"),
        Announced("eve", manager="dee"),
        Announced("fay", manager="cid"),
    )
    assert answers[:2] == [NO_MANAGER, NO_MANAGER]
    assert answers[3:5] == [MAIL_TAKEN, NO_MANAGER]
    assert set(registered(office)) == {answers[2], answers[5]}
    with office.takehold.database.read() as connection:
        assert find(connection, office.takehold.vault, office.id, ["ada", "bea", "dee", "eve"]) == {}


def test_a_manager_may_be_one_that_the_default_source_knows(office: Office) -> None:
    boss = tell(office, Announced("boss"))[0]
    ada = tell(office, Announced("ada", source="lms", manager="boss"))[0]
    assert row(office, ada).manager_id == boss


def test_an_address_belongs_to_one_person_whatever_its_case(office: Office) -> None:
    ada, bea = tell(office, Announced("ada", email="Ada@Example.org"), Announced("bea", email="b@example.org"))
    assert tell(office, Announced("bea", email="ada@example.ORG")) == [MAIL_TAKEN]
    assert tell(office, Announced("cid", email="ada@example.org")) == [MAIL_TAKEN]
    assert tell(office, Announced("ada", email="ADA@example.org")) == [ada]
    assert set(registered(office)) == {ada, bea}


def test_a_shared_mailbox_does_not_make_one_person_of_two(office: Office) -> None:
    """Two people of one source with one address once became one, without a word."""
    ada, bea = tell(office, Announced("ada", email="team@example.org"), Announced("bea", email="team@example.org"))
    assert bea == MAIL_TAKEN
    assert registered(office) == [ada]


def test_the_same_address_under_another_source_is_the_same_person(office: Office) -> None:
    ada = tell(office, Announced("ada", email="ada@example.org", name="Ada"))[0]
    assert tell(office, Announced("u-77", source="lms", email="ADA@example.org", zone="Asia/Tokyo")) == [ada]
    assert registered(office) == [ada]
    assert reach(office, ada) == Contact("Ada", "ADA@example.org", "Asia/Tokyo")
    # From now on that source's name is enough.
    assert tell(office, Announced("u-77", source="lms", name="Ada L.")) == [ada]
    assert reach(office, ada) == Contact("Ada L.", "ADA@example.org", "Asia/Tokyo")


def test_two_sources_meet_by_address_within_one_batch_too(office: Office) -> None:
    ada, same = tell(
        office, Announced("ada", email="a@example.org"), Announced("u-77", source="lms", email="a@example.org")
    )
    assert ada == same
    assert registered(office) == [ada]


def test_what_two_sources_call_by_one_name_are_two_people(office: Office) -> None:
    """User 7 of the learning system is not employee 7, unless an address says so."""
    employee = tell(office, Announced("7", name="Ada", email="a@example.org"))[0]
    user = tell(office, Announced("7", source="lms", name="Bob"))[0]
    assert user != employee
    assert reach(office, employee) == Contact("Ada", "a@example.org", None)
    assert reach(office, user) == Contact("Bob", None, None)


def test_what_is_not_said_stays_as_it_was(office: Office) -> None:
    boss, ada = tell(office, Announced("boss"), Announced("ada", email="a@example.org", name="Ada", manager="boss"))
    tell(office, Announced("ada", zone="Asia/Tokyo"))
    assert reach(office, ada) == Contact("Ada", "a@example.org", "Asia/Tokyo")
    tell(office, Announced("ada", name="Ada L.", email="ada@example.org"))
    assert reach(office, ada) == Contact("Ada L.", "ada@example.org", "Asia/Tokyo")
    assert row(office, ada).manager_id == boss


def test_an_address_that_somebody_gave_up_is_free_again(office: Office) -> None:
    tell(office, Announced("ada", email="info@example.org"))
    tell(office, Announced("ada", email="ada@example.org"))
    bea = tell(office, Announced("bea", email="info@example.org"))[0]
    assert isinstance(bea, UUID)
    assert reach(office, bea) == Contact(None, "info@example.org", None)


def test_somebody_announced_twice_in_a_batch_is_one_person_with_all_that_was_said(office: Office) -> None:
    first, second = tell(
        office, Announced("ada", email="a@example.org", name="Ada"), Announced("ada", name="Ada L.", zone="Asia/Tokyo")
    )
    assert first == second
    assert registered(office) == [first]
    assert reach(office, first) == Contact("Ada L.", "a@example.org", "Asia/Tokyo")


def test_people_known_from_facts_are_confirmed_when_they_are_announced(office: Office) -> None:
    learner = UUID(int=7)
    with office.takehold.command(office.id, "test", "api") as unit:
        provisional(unit, "lms", {"ada": learner})
    assert row(office, learner).provisional
    assert tell(office, Announced("ada", name="Ada")) == [learner]
    assert not row(office, learner).provisional
    assert tell(office, Announced("ada", name="Ada L.")) == [learner]
    assert [one.event.person for one in office.events(PersonConfirmed)] == [learner]
    assert registered(office) == [learner]


def test_a_source_may_confirm_its_own_people(office: Office) -> None:
    learner = UUID(int=8)
    with office.takehold.command(office.id, "test", "api") as unit:
        provisional(unit, "lms", {"ada": learner})
    assert tell(office, Announced("ada", source="idp")) != [learner]
    assert tell(office, Announced("ada", source="lms")) == [learner]


def test_nobody_announced_records_nothing(office: Office) -> None:
    assert tell(office) == []
    assert office.events() == []
