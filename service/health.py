"""Does the process live, is it of use, and what Prometheus wants to know. Outside /api/v1, without a key."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, request
from prometheus_client.exposition import choose_encoder
from sqlalchemy import func, select, text

from events.activity import NAME as ACTIVITY_FOLLOWER
from events.log import head
from events.tables import FOLLOWER
from events.usage_log import last_seq
from service.metrics import DELIVERIES, LAG, REGISTRY, STOPPED
from service.takehold import Takehold
from service.worker.tables import DELIVERY

blp = Blueprint("health", __name__)


@blp.get("/health/live")
def get_live() -> dict[str, str]:
    """The process answers"""
    return {"status": "alive"}


@blp.get("/health/ready")
def get_ready() -> tuple[dict[str, Any], int]:
    """The stores answer; a stopped read model is named, and does not make the service unready"""
    takehold: Takehold = current_app.extensions["takehold"]
    try:
        with takehold.database.read() as connection:
            connection.execute(text("SELECT 1"))
            stopped = connection.scalars(select(FOLLOWER.c.name).where(FOLLOWER.c.stopped.is_not(None))).all()
    except Exception:
        # Whatever keeps the store from answering, the one true thing to say is that it does not.
        return {"status": "not ready", "reason": "the database does not answer"}, 503
    return {"status": "ready", "stopped": sorted(set(stopped))}, 200


@blp.get("/metrics")
def get_metrics() -> Response:
    """Counters and gauges in the format Prometheus asks for"""
    _measure(current_app.extensions["takehold"])
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(REGISTRY), content_type=content_type)


def _measure(takehold: Takehold) -> None:
    with takehold.database.read() as connection:
        heads: dict[tuple[str, bool], int] = {}
        for row in connection.execute(select(FOLLOWER)):
            usage = row.name == ACTIVITY_FOLLOWER
            if (row.workspace_id, usage) not in heads:
                of_events = head(connection, row.workspace_id)[0]
                heads[row.workspace_id, usage] = last_seq(connection, row.workspace_id) if usage else of_events
            labels = {"workspace": row.workspace_id, "follower": row.name}
            LAG.labels(**labels).set(heads[row.workspace_id, usage] - row.position)
            STOPPED.labels(**labels).set(row.stopped is not None)
        DELIVERIES.clear()
        states = select(DELIVERY.c.workspace_id, DELIVERY.c.state, func.count()).group_by(
            DELIVERY.c.workspace_id, DELIVERY.c.state
        )
        for workspace, state, number in connection.execute(states):
            DELIVERIES.labels(workspace=workspace, state=state).set(number)
