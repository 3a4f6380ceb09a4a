"""Free text that only the holder of its key can read."""

from __future__ import annotations

import base64
from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.catalog import decode, encode
from events.sealed import new_key, seal, unseal
from events.types.reinforcement import ReminderNoted

KEY, KEY_ID = new_key(), uuid4()
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(text=TEXT)
def test_a_sealed_text_is_read_back_with_its_key(text: str) -> None:
    assert unseal(seal(text, KEY_ID, KEY), KEY) == text


def test_a_sealed_text_survives_its_way_through_the_log() -> None:
    noted = ReminderNoted(reminder=uuid4(), note=seal("Sie übt noch.", KEY_ID, KEY))
    again = decode("reminder.noted", 1, encode(noted))
    assert isinstance(again, ReminderNoted)
    assert unseal(again.note, KEY) == "Sie übt noch."


def test_the_box_does_not_show_the_text_nor_that_two_texts_are_equal() -> None:
    one, other = seal("resists", KEY_ID, KEY), seal("resists", KEY_ID, KEY)
    assert one.box != other.box
    assert b"resists" not in base64.b64decode(one.box)


def test_new_keys_are_256_bits_long_and_never_the_same() -> None:
    assert {len(new_key()) for _ in range(10)} == {32}
    assert len({new_key() for _ in range(10)}) == 10


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(ValueError, match="wrong key"):
        unseal(seal("resists", KEY_ID, KEY), new_key())


def test_a_text_cannot_be_passed_off_as_sealed_under_another_key_id() -> None:
    with pytest.raises(ValueError, match="wrong key"):
        unseal(replace(seal("resists", KEY_ID, KEY), key=uuid4()), KEY)


@given(text=TEXT, chance=st.data())
def test_a_single_altered_bit_is_noticed(text: str, chance: st.DataObject) -> None:
    sealed = seal(text, KEY_ID, KEY)
    box = bytearray(base64.b64decode(sealed.box))
    box[chance.draw(st.integers(0, len(box) - 1))] ^= 1 << chance.draw(st.integers(0, 7))
    with pytest.raises(ValueError, match="altered text"):
        unseal(replace(sealed, box=base64.b64encode(box).decode()), KEY)


@pytest.mark.parametrize("box", ["", "AAAA", "AAAAAAAAAAAAAAAA", "=", "Ä"])
def test_what_never_was_a_box_is_refused(box: str) -> None:
    with pytest.raises(ValueError):
        unseal(replace(seal("resists", KEY_ID, KEY), box=box), KEY)


def test_characters_slipped_into_a_box_are_noticed() -> None:
    sealed = seal("resists", KEY_ID, KEY)
    with pytest.raises(ValueError):
        unseal(replace(sealed, box="\n!" + sealed.box), KEY)
