"""Finding people again, and how to reach them."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text

from service.directory.announce import Announced, announce, provisional
from service.directory.people import Contact, contact, find, find_by_email, provisional_count, zones_of
from service.vault import Erased
from tests.service.api.office import House, Office


def test_a_sources_own_name_goes_before_the_default_sources(office: Office) -> None:
    with office.takehold.command(office.id, "test", "api") as unit:
        plain, own, both_plain, both_own = announce(
            unit,
            [Announced("plain"), Announced("own", source="lms"), Announced("both"), Announced("both", source="lms")],
        )
        wanted = ["plain", "own", "both", "nobody"]
        vault = office.takehold.vault
        assert find(unit.connection, vault, office.id, wanted, "lms") == {
            "plain": plain,
            "own": own,
            "both": both_own,
        }
        assert find(unit.connection, vault, office.id, wanted) == {"plain": plain, "both": both_plain}
        assert find(unit.connection, vault, office.id, wanted, "idp") == {"plain": plain, "both": both_plain}


def test_external_ids_are_kept_to_the_letter_and_addresses_are_not(office: Office) -> None:
    with office.takehold.command(office.id, "test", "api") as unit:
        ada = announce(unit, [Announced("Ada", email="Ada@Example.org")])[0]
        vault = office.takehold.vault
        assert find(unit.connection, vault, office.id, ["Ada", "ada", "Ada "]) == {"Ada": ada}
        assert list(find_by_email(unit.connection, vault, office.id, ["ada@example.ORG"]).values()) == [ada]


def test_more_names_are_found_than_one_statement_may_carry(office: Office) -> None:
    with office.takehold.command(office.id, "test", "api") as unit:
        people = announce(unit, [Announced(f"n{n}") for n in range(1300)])
        found = find(unit.connection, office.takehold.vault, office.id, [f"n{n}" for n in range(1300)], "lms")
    assert [found[f"n{n}"] for n in range(1300)] == people


def test_a_contact_is_what_was_last_said_and_none_for_a_stranger(office: Office) -> None:
    with office.takehold.command(office.id, "test", "api") as unit:
        full, bare = announce(
            unit, [Announced("a", email="a@example.org", name="Ada", zone="Asia/Tokyo"), Announced("b")]
        )
        vault = office.takehold.vault
        assert contact(unit.connection, vault, office.id, full) == Contact("Ada", "a@example.org", "Asia/Tokyo")
        assert contact(unit.connection, vault, office.id, bare) == Contact(None, None, None)
        assert contact(unit.connection, vault, office.id, uuid4()) is None
        assert contact(unit.connection, vault, "default", full) is None
        assert zones_of(unit.connection, office.id) == {full: "Asia/Tokyo"}


def test_whose_key_was_destroyed_cannot_be_reached(house: House) -> None:
    office = house.office()
    with office.takehold.command(office.id, "test", "api") as unit:
        ada, bea = announce(unit, [Announced("a", email="a@example.org"), Announced("b", email="b@example.org")])
    with office.takehold.vault._database.write("work", office.id) as keys:
        keys.execute(text("DELETE FROM key WHERE key_id = :id"), {"id": ada.hex})
    with office.takehold.database.read() as connection:
        with pytest.raises(Erased):
            contact(connection, office.takehold.vault, office.id, ada)
        assert contact(connection, office.takehold.vault, office.id, bea) == Contact(None, "b@example.org", None)


def test_people_whom_nobody_announced_are_counted(office: Office) -> None:
    with office.takehold.command(office.id, "test", "api") as unit:
        provisional(unit, "lms", {"a": uuid4(), "b": uuid4()})
        assert provisional_count(unit.connection, office.id) == 2
        announce(unit, [Announced("a")])
        assert provisional_count(unit.connection, office.id) == 1
