"""PostgreSQL is killed, stopped or cut off under the service: every request is answered, and nothing is lost."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from service.organisation import create_workspace
from tests.events.cast import until
from tests.faults.asking import Asking, ready, served
from tests.faults.link import Link
from tests.faults.postgres import PostgresServer, postgres_server
from tests.faults.stores import Store
from tests.faults.trust import assert_trusted

ENGINE = "postgres"
_ANSWER_SECONDS = 10
_HEALTHY_SECONDS = 10
_SHORT_USE_SECONDS = 1.0
"""The limit of use in the short form, which waits until it has taken effect."""


@dataclass(frozen=True)
class Place:
    """A server, the link to it, and a store on it that is reached by the link only."""

    server: PostgresServer
    link: Link
    store: Store


@dataclass(frozen=True)
class Fault:
    """seconds: how long it lasts in the full form."""

    begin: Callable[[Place], None]
    end: Callable[[Place], None]
    seconds: float


FAULTS = {
    "killed": Fault(lambda place: place.server.kill(), lambda place: place.server.start(), 1),
    "stopped": Fault(lambda place: place.server.stop(), lambda place: place.server.resume(), 10),
    "cut off": Fault(lambda place: place.link.set("cut"), lambda place: place.link.set("up"), 5),
    "swallowed": Fault(lambda place: place.link.set("hole"), lambda place: place.link.set("up"), 15),
}


def run(engine: str, full: bool) -> list[str]:
    """Each fault three times under the load of four clients; short: killed and stopped, once, until it is noticed."""
    if engine != ENGINE:
        return ["not for this engine: there is no server"]
    with place() as here:
        if full:
            return [suffer(here, name, 3, in_full=True) for name in FAULTS]
        return [suffer(here, name, 1, in_full=False) for name in ("killed", "stopped")]


def suffer(here: Place, name: str, times: int, in_full: bool) -> str:
    """One fault, some times. Raises AssertionError when an answer is missing, late or wrong, or something is lost."""
    fault, healthy, ends = FAULTS[name], list[float](), list[float]()
    with served(here.store, None if in_full else _SHORT_USE_SECONDS) as url, Asking(url, here.store.key()) as asking:
        for _ in until(lambda: bool(asking.since(0, 200)) or bool(asking.wrong)):
            time.sleep(0.05)
        for _ in range(times):
            begun = time.monotonic()
            fault.begin(here)
            try:
                if in_full:
                    Event().wait(fault.seconds)
                else:
                    for _ in until(lambda begun=begun: bool(asking.since(begun, 503)) or bool(asking.wrong), 60):
                        time.sleep(0.05)
            finally:
                fault.end(here)
            ended = time.monotonic()
            ends.append(ended)
            for _ in until(lambda: ready(url), 60):
                time.sleep(0.05)
            for _ in until(lambda ended=ended: bool(asking.since(ended, 200)) or bool(asking.wrong), 60):
                time.sleep(0.05)
            healthy.append(time.monotonic() - ended)
            if in_full:
                # A request that met two faults would be late for both.
                Event().wait(_ANSWER_SECONDS)
    assert asking.wrong == [], asking.wrong[:3]
    with served(here.store, 60) as url:
        known = Asking(url, here.store.key())
        known.stored = asking.stored
        acknowledged = known.assert_stored()
    with here.store.opened() as takehold:
        assert_trusted(takehold)
    refused = len([one for one in asking.answers if one.status == 503])
    late = max(asking.answers, key=lambda one: one.seconds)
    assert refused, "no request met the fault"
    if in_full:
        assert late.seconds <= _ANSWER_SECONDS, f"{name}: {late}; faults ended at {ends}"
        assert max(healthy) <= _HEALTHY_SECONDS, f"{name}: healthy after {max(healthy):.1f} s"
    return (
        f"server {name} {times}x: {acknowledged} acknowledged and all stored, {refused} answered 503, "
        f"slowest answer {late.seconds:.1f} s, healthy after {max(healthy):.1f} s at most"
    )


@contextmanager
def place() -> Iterator[Place]:
    """A server of its own with an empty workspace `default`."""
    with (
        postgres_server() as server,
        Link(server.port) as link,
        tempfile.TemporaryDirectory(prefix="takehold-fault-", ignore_cleanup_errors=True) as name,
    ):
        folder = Path(name)
        store = Store(server.url(link.port), f"sqlite:///{folder / 'keys.db'}", folder)
        with store.opened() as takehold:
            assert create_workspace(takehold)
        yield Place(server, link, store)
