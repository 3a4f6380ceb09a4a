"""The worker: APScheduler is only the tick; what is due lives in our tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from events.database import Busy
from events.followers import Overtaken
from service.metrics import WORKER_FAILURES
from service.takehold import Takehold
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
        self._every(1, "follow", lambda workspace: follow(takehold, workspace))
        self._every(30, "evaluate", lambda workspace: evaluate(takehold, workspace, datetime.now(UTC)))
        self._every(2, "deliver", lambda workspace: deliver(takehold, workspace, datetime.now(UTC)))
        self._scheduler.add_job(self._guarded("maintain", takehold.database.maintain), "interval", seconds=5)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """Waits for the rounds in flight; a send takes at most 20 s."""
        self._scheduler.shutdown(wait=True)

    def _every(self, seconds: int, name: str, task: Callable[[Any], object]) -> None:
        def everywhere() -> None:
            for workspace in self._takehold.workspaces():
                task(workspace)

        self._scheduler.add_job(
            self._guarded(name, everywhere), "interval", seconds=seconds, next_run_time=datetime.now(UTC)
        )

    def _guarded(self, name: str, task: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                task()
            except (Busy, Overtaken, LostLease):
                # Another worker was quicker; the next round sees what it left.
                return
            except Exception as error:
                WORKER_FAILURES.labels(task=name).inc()
                _log.error("worker round failed", task=name, error=type(error).__name__)

        return run
