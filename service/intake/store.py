"""Stores observations, whichever way they came in: one lock, one transaction a batch."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from events.usage_log import Observation, intern_feature, intern_source, record
from service.takehold import Takehold


# Not a dataclass, for the same reason as Observation.
class Use(msgspec.Struct, frozen=True, gc=False):
    """One use as a source tells it; the fields of Observation, with names in place of numbers.

    kind: use, passive, success or failure. grain: instant, day or week.
    """

    item: str
    app: str
    feature: str
    actor: str
    occurred_ms: int | None
    count: int = 1
    duration_ms: int | None = None
    properties: str | None = None
    kind: str = "use"
    grain: str = "instant"


def store(
    takehold: Takehold, workspace_id: str, source: str, uses: Sequence[Use], received_ms: int | None = None
) -> list[bool]:
    """Stores a batch durably; says for each whether it was new. Raises Busy.

    received_ms: when it came in, for histories that are told afterwards; None for now.
    """
    if not uses:
        return []
    with takehold.database.write("usage", workspace_id) as connection:
        source_id = intern_source(connection, workspace_id, source)
        named = {(use.app, use.feature, use.kind, use.grain) for use in uses}
        features = {names: intern_feature(connection, workspace_id, *names) for names in named}
        accounts = takehold.accounts.intern(connection, workspace_id, source_id, (use.actor for use in uses))
        observations = [
            Observation(
                source_id,
                accounts[use.actor],
                features[use.app, use.feature, use.kind, use.grain],
                use.item,
                use.occurred_ms,
                use.count,
                use.duration_ms,
                use.properties,
            )
            for use in uses
        ]
        stored = record(
            connection, workspace_id, observations, time.time_ns() // 1_000_000 if received_ms is None else received_ms
        )
    takehold.accounts.remember(workspace_id, source_id, accounts)
    return stored
