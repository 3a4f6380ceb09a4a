"""The disk is full: writes are refused with a word, reading goes on, and with room again everything is as it was."""

from __future__ import annotations

import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from events.sqlite import SqliteDatabase
from tests.events.cast import until
from tests.faults.asking import Asking, hosted, ready
from tests.faults.processes import Web
from tests.faults.stores import Store, fresh_store
from tests.faults.trust import assert_trusted

ENGINE = "sqlite"
_NOTICED_SECONDS = 5
_RECOVERED_SECONDS = 5
_PADDING = 2000
"""Characters in each use, so that the room that is left does not last."""

Room = Callable[[bool], None]
"""Takes (False) or gives back (True) the room to grow into."""


def run(engine: str, full: bool) -> list[str]:
    """A disk without room, and a database without; each three times until 300 refusals; short: once, until 20."""
    if engine != ENGINE:
        return ["not for this engine: the disk is its server's"]
    times, refusals = (3, 300) if full else (1, 20)
    return [_suffer(name, times, refusals, judged=full) for name in PLACES]


class _Bounded(Web):
    """A web process whose files can be kept from growing."""

    def bound(self, size: int) -> None:
        """No file of any of its processes may be larger than so many bytes."""
        assert self._popen is not None
        children = Path(f"/proc/{self._popen.pid}/task/{self._popen.pid}/children").read_text().split()
        for pid in [self._popen.pid, *map(int, children)]:
            # Python ignores the signal that comes with it; what is left is an error of write().
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@contextmanager
def _process(store: Store) -> Iterator[tuple[str, Room]]:
    """A server process none of whose files may grow beyond the largest one."""
    web = _Bounded(store)
    web.start()
    try:
        web.ready()

        def room(given: bool) -> None:
            sizes = [path.stat().st_size for path in store.folder.iterdir() if path.name.startswith("takehold.db")]
            web.bound(resource.RLIM_INFINITY if given else max(sizes) + 50_000)

        yield web.url, room
    finally:
        web.end()


@contextmanager
def _database(store: Store) -> Iterator[tuple[str, Room]]:
    """A service whose database may have no more than a few pages more."""
    with store.opened() as takehold, hosted(takehold) as url:
        database = takehold.database
        assert isinstance(database, SqliteDatabase)

        def room(given: bool) -> None:
            # All writes go over one connection, and each holds the file lock.
            with database.write("work", "") as connection:
                pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar() or 0)
                connection.exec_driver_sql(f"PRAGMA max_page_count={2**30 if given else pages + 10}")

        yield url, room


PLACES: dict[str, Callable[[Store], AbstractContextManager[tuple[str, Room]]]] = {
    "disk": _process,
    "database": _database,
}


def _suffer(name: str, times: int, refusals: int, judged: bool) -> str:
    noticed, recovered = list[float](), list[float]()
    with fresh_store(ENGINE) as store:
        with PLACES[name](store) as (url, room), Asking(url, store.key(), padding=_PADDING) as asking:
            for _ in until(lambda: len(asking.since(0, 200)) > 20 or bool(asking.wrong)):
                time.sleep(0.05)
            for _ in range(times):
                # Made before, used for the first time when nothing can be noted of it.
                fresh = store.key("viewer")
                room(False)
                noticed.append(_noticed(url, asking, refusals))
                _assert_read(url, fresh)
                room(True)
                recovered.append(_recovered(url, asking))
            acknowledged = asking.assert_stored()
        assert asking.wrong == [], asking.wrong[:3]
        with store.opened() as takehold:
            assert_trusted(takehold)
        _assert_whole(store.folder)
    if judged:
        assert max(noticed) <= _NOTICED_SECONDS, f"not ready {max(noticed):.1f} s after the first refusal"
        assert max(recovered) <= _RECOVERED_SECONDS, f"recovered after {max(recovered):.1f} s"
    refused = [one.code for one in asking.answers if one.status == 503]
    codes = ", ".join(f"{refused.count(code)} {code}" for code in sorted(set(refused)))
    return (
        f"{name} full {times}x: {acknowledged} acknowledged and all stored, refused: {codes}; not ready within "
        f"{max(noticed):.1f} s, well again within {max(recovered):.1f} s"
    )


def _noticed(url: str, asking: Asking, refusals: int) -> float:
    """Seconds from the first refusal until it says that it is not ready; then it goes on saying so."""
    begun = time.monotonic()
    for _ in until(lambda: bool(asking.since(begun, 503)) or bool(asking.wrong), 60):
        time.sleep(0.01)
    first = time.monotonic()
    for _ in until(lambda: not ready(url), 60):
        time.sleep(0.05)
    seconds = time.monotonic() - first
    for _ in until(lambda: len(asking.since(first, 503)) > refusals or bool(asking.wrong), 120):
        time.sleep(0.05)
    assert not ready(url), "it says that it is ready while every write fails"
    # Reading goes on.
    late = time.monotonic()
    for _ in until(lambda: bool(asking.since(late, 200, reads=True)) or bool(asking.wrong), 60):
        time.sleep(0.05)
    assert not asking.since(first, 503, reads=True), "reading was refused"
    return seconds


def _recovered(url: str, asking: Asking) -> float:
    begun = time.monotonic()
    for _ in until(lambda: ready(url), 60):
        time.sleep(0.05)
    for _ in until(lambda: bool(asking.since(begun, 200)) or bool(asking.wrong), 60):
        time.sleep(0.05)
    return time.monotonic() - begun


def _assert_read(url: str, key: str) -> None:
    answer = Asking(url, key).read()
    assert answer.status_code == 200, answer.text


def _assert_whole(folder: Path) -> None:
    for name in ("takehold.db", "keys.db"):
        with closing(sqlite3.connect(folder / name)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
