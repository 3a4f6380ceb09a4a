"""Whatever is altered in a log or its export is found, and at its place."""

from __future__ import annotations

import gzip
import io
import random

import pytest
from sqlalchemy import text

from events.archive import BadArchive
from events.database import Database
from events.heads import Head, sign_head
from events.log import head
from events.stored import Unreadable, stored
from events.types.trust import HeadSigned
from events.verify import Verdict, verify_archive, verify_rows
from tests.events.cast import HOME, NOON, fact, tell
from tests.events.exports import (
    OURS,
    THEIRS,
    bad_position,
    exported,
    head_at,
    history,
    lines_of,
    repacked,
    rewritten,
    row,
    told,
)

ROWS = history()
PACKED = exported(ROWS)
LINES = lines_of(PACKED)
LAST = len(ROWS)
KEPT = head_at(ROWS, LAST)


def verdict(packed: bytes, *kept: Head, workspace: str | None = None) -> Verdict:
    return verify_archive(io.BytesIO(packed), kept, workspace)


def test_a_genuine_export_holds_alone_and_against_every_head_that_was_ever_kept() -> None:
    assert bad_position(PACKED) is None
    assert bad_position(PACKED, *(head_at(ROWS, position) for position in range(1, LAST + 1))) is None
    assert verdict(PACKED).public_key == KEPT.public_key
    assert verdict(PACKED).events == LAST


def test_every_flipped_bit_of_the_text_is_found_at_its_position() -> None:
    chance = random.Random(20260302)
    plain = b"".join(LINES)
    owner = [number for number, line in enumerate(LINES) for _ in line]
    for _ in range(600):
        at, bit = chance.randrange(len(plain)), 1 << chance.randrange(8)
        flipped = plain[:at] + bytes([plain[at] ^ bit]) + plain[at + 1 :]
        found = bad_position(repacked([flipped]), KEPT)
        # The opening is no event: what it says is contradicted by some event, by the closing, or by not being read.
        assert found == owner[at] if owner[at] else found, (at, bit)


def test_every_flipped_bit_of_the_file_is_found_or_alters_nothing() -> None:
    """Gzip has bits that mean nothing, such as the time at which a file was packed."""
    chance = random.Random(20260303)
    harmless = 0
    for _ in range(600):
        at, bit = chance.randrange(len(PACKED)), 1 << chance.randrange(8)
        flipped = PACKED[:at] + bytes([PACKED[at] ^ bit]) + PACKED[at + 1 :]
        if bad_position(flipped, KEPT) is None:
            assert gzip.decompress(flipped) == gzip.decompress(PACKED)
            harmless += 1
    assert harmless < 30


@pytest.mark.parametrize("at", [1, 5, 6, LAST])
def test_a_line_that_is_missing_is_found(at: int) -> None:
    assert bad_position(repacked([*LINES[:at], *LINES[at + 1 :]])) == at


def test_an_export_without_its_first_line_is_none() -> None:
    assert bad_position(repacked(LINES[1:])) == 1


@pytest.mark.parametrize(("one", "other"), [(1, 2), (3, 9), (LAST - 1, LAST), (LAST, LAST + 1)])
def test_two_lines_that_are_swapped_are_found_at_the_first(one: int, other: int) -> None:
    lines = list(LINES)
    lines[one], lines[other] = lines[other], lines[one]
    assert bad_position(repacked(lines)) == one


@pytest.mark.parametrize("at", [1, 5, LAST, LAST + 1])
@pytest.mark.parametrize("what", [LINES[3], LINES[0], LINES[-1], b"\n", b"{}\n"])
def test_a_line_too_many_is_found_where_it_stands(at: int, what: bytes) -> None:
    assert bad_position(repacked([*LINES[:at], what, *LINES[at:]])) == at


@pytest.mark.parametrize("what", [LINES[3], LINES[-1], b"\n"])
def test_a_line_after_the_end_is_found(what: bytes) -> None:
    assert bad_position(repacked([*LINES, what])) == LAST + 1


@pytest.mark.parametrize("keep", [0, 1, 7, LAST - 1])
@pytest.mark.parametrize("closed", [True, False], ids=["with the last line", "without"])
def test_a_tail_that_is_cut_off_is_found_at_the_first_event_that_is_missing(keep: int, closed: bool) -> None:
    assert bad_position(repacked([*LINES[: keep + 1], *LINES[-1:] * closed])) == keep + 1


def test_a_tail_cut_off_and_sealed_anew_is_found_against_a_head_that_was_kept() -> None:
    """By the service itself, which has the key."""
    cut = exported(ROWS[:7])
    assert bad_position(cut) is None
    assert bad_position(cut, KEPT) == 8
    assert "the tail is cut" in verdict(cut, KEPT).reason


def test_an_event_rewritten_without_the_key_is_found_at_the_next_signed_head() -> None:
    for at, expected in ((1, 5), (4, 5), (6, 9), (8, 9)):
        assert bad_position(exported(rewritten(ROWS, at))) == expected
    lines = lines_of(exported(rewritten(ROWS, 11)))
    assert bad_position(repacked([*lines[:-1], LINES[-1]])) == LAST
    unsigned = history(signed=())
    lines = lines_of(exported(rewritten(unsigned, 4)))
    assert bad_position(repacked([*lines[:-1], lines_of(exported(unsigned))[-1]])) == LAST


def test_a_log_rewritten_with_the_key_is_found_against_a_head_of_before_though_later_ones_agree() -> None:
    anew = rewritten(ROWS, 4, OURS)
    assert bad_position(exported(anew)) is None
    assert bad_position(exported(anew), head_at(ROWS, 3), head_at(anew, LAST)) is None
    assert bad_position(exported(anew), head_at(ROWS, 7), head_at(anew, LAST)) == 7


def test_a_log_signed_anew_by_another_key_is_found_only_against_a_head_that_was_kept() -> None:
    anew = rewritten(ROWS, 5, THEIRS)
    theirs = exported(anew, THEIRS)
    assert bad_position(theirs) is None
    assert verdict(theirs).public_key != KEPT.public_key
    assert bad_position(theirs, KEPT) == 5
    assert verdict(theirs, KEPT).reason == "the signed head is not signed by the log's key"


def test_a_log_whose_events_are_the_same_but_signed_by_another_key_is_found_too() -> None:
    unsigned = history(signed=())
    assert bad_position(exported(unsigned, THEIRS)) is None
    assert bad_position(exported(unsigned, THEIRS), head_at(unsigned, LAST)) == LAST + 1
    assert bad_position(exported(unsigned), head_at(unsigned, 3), head_at(unsigned, 6, THEIRS)) == 6


def test_a_public_key_that_is_replaced_and_nothing_else_is_found() -> None:
    ours, theirs = (head_at(ROWS, 1, seed).public_key.encode() for seed in (OURS, THEIRS))
    assert bad_position(repacked([LINES[0].replace(ours, theirs), *LINES[1:]])) == 5


@pytest.mark.parametrize("part", ["head", "digest", "seal"])
def test_a_last_line_of_another_export_is_found(part: str) -> None:
    other = lines_of(exported(rewritten(ROWS, 10)))
    assert bad_position(repacked([*LINES[:-1], other[-1]])) == LAST
    mine, theirs = (dict(_parts(line)) for line in (LINES[-1], other[-1]))
    mixed = LINES[-1].replace(mine[part], theirs[part])
    assert bad_position(repacked([*LINES[:-1], mixed])) == (LAST if part == "head" else LAST + 1)


def _parts(closing: bytes) -> list[tuple[str, bytes]]:
    before, _, rest = closing.partition(b',"digest":')
    digest, _, seal = rest.partition(b',"seal":')
    return [("head", before), ("digest", digest), ("seal", seal)]


def test_an_older_export_does_not_hold_against_a_newer_head_and_says_why() -> None:
    longer = history(20)
    found = verdict(PACKED, head_at(longer, 20))
    assert (found.bad_position, found.events) == (LAST + 1, LAST)
    assert "this copy is older" in found.reason


def test_an_export_of_another_workspace_is_found() -> None:
    elsewhere = exported(history(workspace="elsewhere"))
    assert bad_position(elsewhere) is None
    assert bad_position(elsewhere, KEPT) == 1
    with pytest.raises(BadArchive, match=f"no workspace {HOME} in it: this is the log of elsewhere"):
        verdict(elsewhere, workspace=HOME)
    assert verdict(elsewhere, workspace="elsewhere").holds
    lines = lines_of(elsewhere)
    assert bad_position(repacked([*LINES[:4], lines[4], *LINES[5:]])) == 4
    assert bad_position(elsewhere, KEPT, head_at(history(workspace="elsewhere"), LAST)) is None


def test_an_export_of_nothing_does_not_hold_while_an_empty_log_does() -> None:
    """Signed by whomever; the program itself writes none."""
    nothing = exported(ROWS[:1])
    lines = lines_of(nothing)
    assert bad_position(repacked([lines[0], lines[-1]])) == 1
    assert verify_rows(HOME, []).holds
    assert verify_rows(HOME, [], [KEPT]).bad_position == 1


def test_a_signed_head_of_any_event_but_the_one_before_it_is_found() -> None:
    """The whole chain follows and is sealed with the key; only what the head says is wrong."""
    rows = history(4, signed=())
    for wrong in (head_at(rows, 3), sign_head(OURS, HOME, 4, rows[2]["hash"], NOON)):
        said = HeadSigned(
            position=wrong.position,
            hash=wrong.hash,
            signed_at=wrong.signed_at,
            public_key=wrong.public_key,
            signature=wrong.signature,
        )
        assert bad_position(exported([*rows, row(said, rows)])) == 5


# What somebody does to the database who can write it past the program.


def long_log(database: Database, length: int = 12) -> None:
    """With a signed head at the position before the last."""
    tell(database, *(fact(event=told(number)) for number in range(1, length - 1)))
    with database.read() as connection:
        position, hash, _ = head(connection, HOME)
    signed = sign_head(OURS, HOME, position, hash, NOON)
    said = HeadSigned(
        position=position, hash=hash, signed_at=NOON, public_key=signed.public_key, signature=signed.signature
    )
    tell(database, fact(event=said), fact())


def tamper(database: Database, *statements: str) -> None:
    with database.write("events", HOME) as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER event_no_update"))
            connection.execute(text("DROP TRIGGER event_no_delete"))
        else:
            connection.execute(text("DROP TRIGGER event_is_fixed ON event"))
        for statement in statements:
            connection.execute(text(statement))


def judged(database: Database, *kept: Head, page_size: int = 500) -> Verdict:
    with database.read() as connection:
        return verify_rows(HOME, stored(connection, HOME, page_size=page_size), kept)


def test_a_log_with_signed_heads_holds_on_either_engine(database: Database) -> None:
    long_log(database)
    found = judged(database)
    assert (found.holds, found.events) == (True, 12)
    assert found.public_key == KEPT.public_key


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        ("UPDATE event SET data = replace(data, 'true', 'false') WHERE position = 7", 7),
        ("UPDATE event SET actor = 'somebody' WHERE position = 1", 1),
        ("UPDATE event SET hash = repeat_hash WHERE position = 6", 6),
        ("UPDATE event SET workspace_id = 'elsewhere' WHERE position = 4", 4),
        ("DELETE FROM event WHERE position = 3", 3),
        ("UPDATE event SET position = 40 WHERE position = 10", 10),
    ],
)
def test_a_row_that_was_altered_behind_the_triggers_back_is_found(
    database: Database, statement: str, position: int
) -> None:
    long_log(database)
    tamper(database, statement.replace("repeat_hash", f"'{'0' * 64}'"))
    assert judged(database).bad_position == position
    assert judged(database, page_size=5).bad_position == position


@pytest.mark.parametrize("page_size", [1, 5, 500])
def test_a_row_that_cannot_even_be_read_is_found_at_its_position(database: Database, page_size: int) -> None:
    long_log(database)
    spoilt = "'nonsense'" if database.engine.dialect.name == "sqlite" else "'infinity'"
    tamper(database, f"UPDATE event SET occurred_at = {spoilt} WHERE position = 8")
    found = judged(database, page_size=page_size)
    assert (found.bad_position, found.reason) == (8, "the event cannot be read")
    with database.read() as connection, pytest.raises(Unreadable):
        list(stored(connection, HOME))


def test_a_tail_cut_from_a_database_shows_against_a_head_that_was_kept(database: Database) -> None:
    long_log(database)
    with database.read() as connection:
        position, hash, _ = head(connection, HOME)
    kept = sign_head(OURS, HOME, position, hash, NOON)
    assert judged(database, kept).holds
    tamper(database, "DELETE FROM event WHERE position > 9")
    assert judged(database).holds
    assert judged(database, kept).bad_position == 10


def test_rows_are_held_a_few_at_a_time(database: Database) -> None:
    tell(database, *(fact() for _ in range(23)))
    with database.read() as connection:
        assert [one["position"] for one in stored(connection, HOME, page_size=5)] == list(range(1, 24))
        assert [one["position"] for one in stored(connection, HOME, after=21)] == [22, 23]
        assert list(stored(connection, "elsewhere")) == []
