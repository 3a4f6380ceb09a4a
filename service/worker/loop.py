"""The worker: APScheduler is only the tick; what is due lives in our tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from threading import Event

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from events.database import Busy
from events.followers import Overtaken
from service.heap import settle
from service.idempotency import purge
from service.takehold import Takehold
from service.trust import sign_if_due
from service.unit import Workspace
from service.worker.chores import STORE, Chores
from service.worker.deliver import Delivered, deliver
from service.worker.evaluate import Evaluated, evaluate
from service.worker.follow import follow
from service.worker.lease import LostLease
from service.worker.partition import partition
from service.worker.retain import retain

_log = structlog.get_logger(__name__)


def tick(takehold: Takehold, now: datetime | None = None) -> dict[str, tuple[Evaluated, Delivered]]:
    """One round over every workspace: follow, evaluate, deliver. `now` may be any instant; answers by workspace."""
    done = {}
    for workspace in takehold.workspaces():
        follow(takehold, workspace)
        instant = now or datetime.now(UTC)
        evaluated = evaluate(takehold, workspace, instant)
        done[workspace.id] = (evaluated, deliver(takehold, workspace, instant))
    return done


class Worker:
    """Runs the rounds on threads of its own until it is stopped."""

    def __init__(self, takehold: Takehold) -> None:
        self._takehold = takehold
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            # A round that comes late is run once, however many were missed; nothing is keyed on when it ran.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._chores = Chores(takehold.database)
        self._stopped = Event()
        stopped = self._stopped.is_set
        self._every(1, "follow", lambda workspace: follow(takehold, workspace, stopped))
        self._every(30, "evaluate", lambda workspace: evaluate(takehold, workspace, datetime.now(UTC), stopped))
        self._every(2, "deliver", lambda workspace: deliver(takehold, workspace, datetime.now(UTC), stopped=stopped))
        # More often than heads are due, because of several workers any one may sign the next.
        self._every(60, "sign", lambda workspace: sign_if_due(takehold, workspace.id, datetime.now(UTC)))
        self._every(600, "retain", lambda workspace: retain(takehold, workspace, datetime.now(UTC), stopped))
        self._every(600, "purge", lambda workspace: purge(takehold.database, takehold.vault, workspace.id))
        self._whole(600, "partition", lambda: partition(takehold, datetime.now(UTC)))
        self._scheduler.add_job(lambda: self._guarded("maintain", takehold.database.maintain), "interval", seconds=5)

    def start(self) -> None:
        settle()
        self._scheduler.start()

    def wind_down(self) -> None:
        """Begins nothing more; what is in flight goes on. Does not wait, so that a signal handler may call it."""
        self._stopped.set()

    def stop(self) -> None:
        """Waits for what is in flight; of a round of deliveries that is one send, which takes at most 20 s."""
        self.wind_down()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _every(self, seconds: int, name: str, task: Callable[[Workspace], object]) -> None:
        def everywhere() -> None:
            for workspace in self._takehold.workspaces():
                # Each by itself: a workspace that fails in every round must not starve those after it.
                if self._guarded(name, partial(task, workspace), workspace.id):
                    self._chores.succeeded(workspace.id, name)

        self._whole(seconds, name, everywhere)

    def _whole(self, seconds: int, name: str, task: Callable[[], object]) -> None:
        """For the whole store, now and then every so many seconds."""
        self._scheduler.add_job(
            lambda: self._guarded(name, task), "interval", seconds=seconds, next_run_time=datetime.now(UTC)
        )

    def _guarded(self, name: str, task: Callable[[], object], workspace_id: str = STORE) -> bool:
        """Whether the task was done. One that is asked for while the process ends is not begun."""
        if self._stopped.is_set():
            return False
        try:
            task()
        except (Busy, Overtaken, LostLease):
            # Another worker was quicker; the next round sees what it left.
            return False
        except Exception as error:
            _log.error("worker round failed", task=name, error=type(error).__name__)
            self._chores.failed(workspace_id, name, error)
            return False
        return True
