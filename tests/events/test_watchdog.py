"""Who waits for a peer that says nothing is freed in time; who is done in time is left alone."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from events.watchdog import Watchdog

_AGES = 30.0


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    made = Watchdog()
    yield made
    made.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    # A test without a watchdog fails instead of hanging.
    near.settimeout(_AGES)
    with near, far:
        yield near, far


def test_who_waits_for_longer_than_allowed_is_freed(
    watchdog: Watchdog, pair: tuple[socket.socket, socket.socket]
) -> None:
    watchdog.begin("use", pair[0].fileno(), 0.1)
    assert pair[0].recv(1) == b""


def test_a_use_that_ended_or_was_given_more_time_is_not_cut_off(
    watchdog: Watchdog, pair: tuple[socket.socket, socket.socket]
) -> None:
    ended, other = socket.socketpair()
    with ended, other:
        watchdog.begin("ended", ended.fileno(), 0.1)
        watchdog.end("ended")
        watchdog.begin("longer", pair[0].fileno(), 0.1)
        watchdog.begin("longer", pair[0].fileno(), _AGES)
        waits, silent = socket.socketpair()
        with waits, silent:
            waits.settimeout(_AGES)
            watchdog.begin("late", waits.fileno(), 0.1)
            # By now the others' first deadlines are over as well.
            assert waits.recv(1) == b""
        for near, far in ((ended, other), pair):
            far.send(b"x")
            assert near.recv(1) == b"x"


def test_a_connection_that_was_closed_is_not_mistaken_for_the_next_of_its_number(
    watchdog: Watchdog, pair: tuple[socket.socket, socket.socket]
) -> None:
    closed, other = socket.socketpair()
    with other:
        other.settimeout(_AGES)
        number = closed.fileno()
        watchdog.begin("use", number, 0.1)
        closed.close()
        near, far = socket.socketpair()
        with near, far:
            assert number in (near.fileno(), far.fileno())
            # Its own peer learns that time is up; the new owner of the number does not.
            assert other.recv(1) == b""
            far.send(b"x")
            assert near.recv(1) == b"x"
