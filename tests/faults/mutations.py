"""A thousand ways to alter an export without the key: each must be found, offline, and at its place."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from tests.events.exports import THEIRS, bad_position, exported, head_at, history, lines_of, repacked, rewritten

SEED = 20260302
_LENGTH, _SIGNED, _KEPT = 60, (17, 33, 50), (20, 41, 60)
"""Events, the positions of signed heads among them, and the positions of the heads that were kept outside."""

_ROWS = history(_LENGTH, _SIGNED)
_PACKED = exported(_ROWS)
_LINES = lines_of(_PACKED)

Altered = tuple[bytes, int]
"""An export's bytes, and the first position that does not hold."""


def run(full: bool) -> list[str]:
    """Tries 1,000 mutations, or 100. Raises AssertionError with the number of one that is missed or misplaced."""
    wanted = 1000 if full else 100
    kept = [head_at(_ROWS, position) for position in _KEPT]
    assert bad_position(_PACKED, *kept) is None, "the genuine export does not hold"
    tried: Counter[str] = Counter()
    for number in range(wanted):
        name = list(_KINDS)[number % len(_KINDS)]
        altered, expected = _KINDS[name](random.Random(SEED + number))
        found = bad_position(altered, *kept)
        assert found == expected, f"mutation {number} ({name}): found at {found}, expected {expected}"
        tried[name] += 1
    told = ", ".join(f"{count} {name}" for name, count in tried.items())
    return [f"mutations of an export: {tried.total()} of {wanted} found at their position ({told})"]


# The opening is no event, and so has no position; the line after the last event counts as the next one.


def _flip(chance: random.Random) -> Altered:
    at = chance.randrange(1, len(_LINES))
    line = bytearray(_LINES[at])
    line[chance.randrange(len(line))] ^= 1 << chance.randrange(8)
    return repacked([*_LINES[:at], bytes(line), *_LINES[at + 1 :]]), at


def _delete(chance: random.Random) -> Altered:
    at = chance.randrange(1, len(_LINES))
    return repacked([*_LINES[:at], *_LINES[at + 1 :]]), at


def _swap(chance: random.Random) -> Altered:
    one, other = sorted(chance.sample(range(1, len(_LINES)), 2))
    lines = list(_LINES)
    lines[one], lines[other] = lines[other], lines[one]
    return repacked(lines), one


def _insert(chance: random.Random) -> Altered:
    """One that stands elsewhere, or one that follows from the one before, as what it displaces then does not."""
    at = chance.randrange(1, _LENGTH + 1)
    if at in _SIGNED or chance.random() < 0.5:
        elsewhere = chance.choice([position for position in range(1, _LENGTH + 1) if position != at])
        return repacked([*_LINES[:at], _LINES[elsewhere], *_LINES[at:]]), at
    forged = lines_of(exported(rewritten(_ROWS, at)))[at]
    return repacked([*_LINES[:at], forged, *_LINES[at:]]), at if at in _KEPT else at + 1


def _cut(chance: random.Random) -> Altered:
    """Between two lines, with or without the last one, or within a line."""
    keep = chance.randrange(_LENGTH)
    torn = _LINES[keep + 1][: chance.randrange(1, len(_LINES[keep + 1]))]
    return repacked([*_LINES[: keep + 1], chance.choice([b"", torn, _LINES[-1]])]), keep + 1


def _rewrite(chance: random.Random) -> Altered:
    """Every hash follows; the closing is what it was, or forged, or opening, heads and closing are another key's."""
    at = chance.choice([position for position in range(1, _LENGTH + 1) if position not in _SIGNED])
    means = chance.choice(["genuine closing", "forged closing", "another key"])
    rows = rewritten(_ROWS, at, THEIRS if means == "another key" else None)
    lines = lines_of(exported(rows, THEIRS))
    if means != "another key":
        lines[0] = _LINES[0]
    if means == "genuine closing":
        lines[-1] = _LINES[-1]
    return repacked(lines), min(position for position in (*_SIGNED, *_KEPT) if position >= at)


_KINDS: dict[str, Callable[[random.Random], Altered]] = {
    "bits flipped": _flip,
    "lines deleted": _delete,
    "lines swapped": _swap,
    "lines inserted": _insert,
    "tails cut": _cut,
    "rewritten": _rewrite,
}
