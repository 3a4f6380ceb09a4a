"""Does the process live, is it of use, and what Prometheus wants to know. Outside /api/v1, without a key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, current_app, request
from prometheus_client.exposition import choose_encoder
from sqlalchemy import func, select, text

from events.tables import FOLLOWER
from service.lag import lags
from service.metrics import DELIVERIES, LAG, LAG_SECONDS, REGISTRY, STOPPED, WORKER_FAILURES, WORKER_SUCCESS
from service.probing import try_if_suspect
from service.takehold import Takehold
from service.worker.chores import BACKUP
from service.worker.tables import CHORE, DELIVERY

blp = Blueprint("health", __name__)


@blp.get("/health/live")
def get_live() -> dict[str, str]:
    """The process answers"""
    return {"status": "alive"}


@blp.get("/health/ready")
def get_ready() -> tuple[dict[str, Any], int]:
    """The stores answer and take writes; a stopped read model is named, and does not make the service unready"""
    takehold: Takehold = current_app.extensions["takehold"]
    try:
        try_if_suspect(current_app, takehold.database)
        with takehold.database.read() as connection:
            connection.execute(text("SELECT 1"))
            stopped = connection.scalars(select(FOLLOWER.c.name).where(FOLLOWER.c.stopped.is_not(None))).all()
    except Exception:
        # Whatever keeps the store from answering, the one true thing to say is that it does not.
        return {"status": "not ready", "reason": "the database does not answer, or takes no writes"}, 503
    return {"status": "ready", "stopped": sorted(set(stopped))}, 200


@blp.get("/metrics")
def get_metrics() -> Response:
    """Counters and gauges in the format Prometheus asks for"""
    _measure(current_app.extensions["takehold"])
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(REGISTRY), content_type=content_type)


def _measure(takehold: Takehold) -> None:
    with takehold.database.read() as connection:
        for lag in lags(connection):
            labels = {"workspace": lag.workspace_id, "follower": lag.follower}
            LAG.labels(**labels).set(lag.behind)
            LAG_SECONDS.labels(**labels).set(lag.seconds(datetime.now(UTC)))
            STOPPED.labels(**labels).set(lag.stopped is not None)
        for row in connection.execute(select(CHORE).where(CHORE.c.name != BACKUP)):
            chore = {"workspace": row.workspace_id, "task": row.name}
            WORKER_FAILURES.labels(**chore).set(row.failures)
            if row.at:
                WORKER_SUCCESS.labels(**chore).set(row.at.timestamp())
        DELIVERIES.clear()
        states = select(DELIVERY.c.workspace_id, DELIVERY.c.state, func.count()).group_by(
            DELIVERY.c.workspace_id, DELIVERY.c.state
        )
        for workspace, state, number in connection.execute(states):
            DELIVERIES.labels(workspace=workspace, state=state).set(number)
