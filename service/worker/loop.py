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
from service.metrics import WORKER_FAILURES
from service.takehold import Takehold
from service.unit import Workspace
from service.worker.deliver import Delivered, deliver
from service.worker.evaluate import Evaluated, evaluate
from service.worker.follow import follow
from service.worker.lease import LostLease

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
        self._stopped = Event()
        self._every(1, "follow", lambda workspace: follow(takehold, workspace))
        self._every(30, "evaluate", lambda workspace: evaluate(takehold, workspace, datetime.now(UTC)))
        self._every(2, "deliver", self._deliver)
        self._scheduler.add_job(lambda: _guarded("maintain", takehold.database.maintain), "interval", seconds=5)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """Waits for what is in flight; of a round of deliveries that is one send, which takes at most 20 s."""
        self._stopped.set()
        self._scheduler.shutdown(wait=True)

    def _deliver(self, workspace: Workspace) -> None:
        deliver(self._takehold, workspace, datetime.now(UTC), stopped=self._stopped.is_set)

    def _every(self, seconds: int, name: str, task: Callable[[Workspace], object]) -> None:
        def everywhere() -> None:
            for workspace in self._takehold.workspaces():
                # Each by itself: a workspace that fails in every round must not starve those after it.
                _guarded(name, partial(task, workspace))

        self._scheduler.add_job(
            lambda: _guarded(name, everywhere), "interval", seconds=seconds, next_run_time=datetime.now(UTC)
        )


def _guarded(name: str, task: Callable[[], object]) -> None:
    try:
        task()
    except (Busy, Overtaken, LostLease):
        # Another worker was quicker; the next round sees what it left.
        return
    except Exception as error:
        WORKER_FAILURES.labels(task=name).inc()
        _log.error("worker round failed", task=name, error=type(error).__name__)
