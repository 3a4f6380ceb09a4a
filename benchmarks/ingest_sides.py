"""Those that take in the same batches in turns: our service, rows merely inserted, and servers of others."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from benchmarks.engines import Bench
from benchmarks.figures import Report, seconds
from benchmarks.floors import Insert, each
from benchmarks.load import SIZE, Batch
from benchmarks.peers.environments import NotThere
from benchmarks.peers.servers import Peer, activity_watch, as_events, as_statements, ralph

_SHARE = 3
"""Peers get every third batch: they take long, and their time is scaled."""
Round = Callable[[int], float]
"""Takes in the batches of a round, by its number; answers the seconds that all of them take."""


class Side(ABC):
    """note: what has to be known of the comparison."""

    name: str
    budget: float | None = None
    note = ""

    @abstractmethod
    def prepare(self, work: Sequence[Sequence[Batch]], clients: int) -> Round:
        """Makes ready what is posted in each round, so that only the taking in is measured."""


class Served(Side):
    """Ours. follow: waits until nothing is left to do, else it would be done while the others are measured."""

    name = "Takehold"

    def __init__(self, post: Callable[[int, Sequence[bytes]], int], follow: Callable[[], None]) -> None:
        self._post, self._follow, self.stored = post, follow, 0

    def prepare(self, work: Sequence[Sequence[Batch]], clients: int) -> Round:
        def run(number: int) -> float:
            start = time.perf_counter()
            self.stored += self._post(clients, [batch.body for batch in work[number]])
            took = time.perf_counter() - start
            self._follow()
            return took

        return run


class Floor(Side):
    """Rows already made, in one transaction a batch."""

    def __init__(self, name: str, budget: float, insert: Insert) -> None:
        self.name, self.budget, self._insert = name, budget, insert

    def prepare(self, work: Sequence[Sequence[Batch]], clients: int) -> Round:
        return lambda number: seconds(lambda: each(self._insert, (batch.rows for batch in work[number])))


class _Theirs(Side):
    def __init__(self, name: str, times: float, peer: Peer, convert: Callable[[bytes], bytes]) -> None:
        self.name, self.budget, self.peer = name, 1 / times, peer
        self.note = f"the peer: every {_SHARE}rd batch, scaled"
        self.posted = self.kept = 0
        self._convert = convert

    def prepare(self, work: Sequence[Sequence[Batch]], clients: int) -> Round:
        bodies = [[self._convert(batch.body) for batch in batches[::_SHARE]] for batches in work]

        def run(number: int) -> float:
            before = self.peer.stored()
            took = seconds(lambda: self.peer.post_all(clients, bodies[number]))
            self.posted += len(bodies[number]) * SIZE
            self.kept += self.peer.stored() - before
            self.peer.empty()
            return took * len(work[number]) / len(bodies[number])

        return run


class Peers:
    """The servers of others, for as long as `stack` lasts; those that cannot be had are told to `report`."""

    def __init__(self, bench: Bench, stack: ExitStack, report: Report) -> None:
        known = {"aw-server": (5, activity_watch, as_events), "Ralph": (7, ralph, as_statements)}
        self.sides: list[_Theirs] = []
        for name, (times, start, convert) in known.items():
            try:
                if not bench.peers:
                    raise NotThere("not asked for")
                peer = stack.enter_context(start(bench.folder))
            except NotThere as reason:
                report.left_out.append(f"ingest: {name}, {reason}")
            else:
                self.sides.append(_Theirs(name, times, peer, convert))

    def complete(self) -> list[str]:
        """Raises AssertionError unless each kept all that was posted to it."""
        for side in self.sides:
            assert side.posted == side.kept, (side.name, side.posted, side.kept)
        return [f"ingest, {side.name}: {side.posted:,} posted = stored" for side in self.sides]
