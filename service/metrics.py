"""What Prometheus may ask. docs/metrics.md is generated from this list."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics

# Instants of creation beside every counter double the answer, and nobody asks for them.
disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()

REQUESTS = Counter(
    "takehold_requests", "Requests answered, by route and status class.", ["route", "status"], registry=REGISTRY
)
OBSERVATIONS = Counter(
    "takehold_observations", "Usage items received, by what became of them.", ["verdict"], registry=REGISTRY
)
WORKER_FAILURES = Gauge(
    "takehold_worker_failures",
    "Worker rounds that ended in an error, of all workers ever; only rises.",
    ["workspace", "task"],
    registry=REGISTRY,
)
WORKER_SUCCESS = Gauge(
    "takehold_worker_last_success_seconds",
    "When a round last went well, in seconds since 1970; told every 30 s.",
    ["workspace", "task"],
    registry=REGISTRY,
)
LAG = Gauge(
    "takehold_follower_lag",
    "Events or observations a follower has yet to apply.",
    ["workspace", "follower"],
    registry=REGISTRY,
)
LAG_SECONDS = Gauge(
    "takehold_follower_lag_seconds",
    "Age of the oldest event or observation that a follower has yet to apply; 0 when there is none.",
    ["workspace", "follower"],
    registry=REGISTRY,
)
STOPPED = Gauge(
    "takehold_follower_stopped",
    "1 where a follower was stopped by an event.",
    ["workspace", "follower"],
    registry=REGISTRY,
)
DELIVERIES = Gauge("takehold_deliveries", "Deliveries, by state.", ["workspace", "state"], registry=REGISTRY)
