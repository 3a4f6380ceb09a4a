import socket
from threading import Event

import pytest

from notifiers.deadline import Guard, within
from notifiers.errors import PermanentFailure, TemporaryFailure
from tests.notifiers.receivers import PATIENCE


def test_work_that_ends_in_time_just_ends() -> None:
    done = Event()
    within(PATIENCE, lambda guard: done.set())
    assert done.is_set()


def test_what_the_work_raises_reaches_the_caller() -> None:
    def refuse(guard: Guard) -> None:
        raise PermanentFailure("http_410")

    with pytest.raises(PermanentFailure, match="http_410"):
        within(PATIENCE, refuse)


def test_the_caller_is_free_while_the_work_still_hangs_in_name_resolution() -> None:
    release = Event()
    with pytest.raises(TemporaryFailure, match="timeout"):
        within(0.05, lambda guard: (release.wait(PATIENCE), None)[1])
    release.set()


def test_an_abandoned_send_that_connects_late_sends_nothing() -> None:
    release, refused = Event(), Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)

        def connect_late(guard: Guard) -> None:
            release.wait(PATIENCE)
            late = socket.create_connection(listener.getsockname())
            try:
                guard.watch(late).sendall(b"too late")
            except TimeoutError:
                refused.set()

        with pytest.raises(TemporaryFailure):
            within(0.05, connect_late)
        release.set()
        receiver, _ = listener.accept()
        with receiver:
            receiver.settimeout(PATIENCE)
            assert receiver.recv(100) == b""
        assert refused.wait(PATIENCE)


def test_a_watched_socket_is_closed_for_the_receiver_too() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        guard = Guard()
        guard.watch(ours)
        guard.end()
        theirs.settimeout(PATIENCE)
        assert theirs.recv(1) == b""
