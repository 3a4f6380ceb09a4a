"""Batches of observations as an app would post them, made beforehand, and as rows for a plain table."""

from __future__ import annotations

import gzip
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from events.usage_log import dedupe_key

SIZE = 500
"""Observations in a batch."""
_ACTORS = 2000
_FEATURES = ("draft-letter", "summarise-file", "check-cover", "draft-reply")


@dataclass(frozen=True)
class Batch:
    """The same observations twice: as the gzip body of a request, and as rows of the usage table."""

    body: bytes
    rows: Sequence[tuple[object, ...]]


def batches(count: int, app: str = "claims-assistant") -> Iterator[Batch]:
    """Live traffic: one observation a millisecond up to now, 2,000 actors, four features of one app."""
    chance = random.Random(7)
    start_ms = time.time_ns() // 1_000_000 - count * SIZE
    for number in range(count):
        items, rows = [], []
        for seq in range(number * SIZE + 1, (number + 1) * SIZE + 1):
            ms, actor, feature = start_ms + seq, chance.randrange(_ACTORS), chance.randrange(len(_FEATURES))
            item, duration = chance.randbytes(16).hex(), chance.randrange(60_000)
            instant = datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
            items.append(
                {
                    "id": item,
                    "app": app,
                    "feature": _FEATURES[feature],
                    "actor": f"user{actor:05d}",
                    "occurred_at": instant.replace("+00:00", "Z"),
                    "duration_ms": duration,
                }
            )
            key = dedupe_key(1, item, ms)
            rows.append(("default", key, seq, 1, actor + 1, feature + 1, ms, ms, None, 1, duration, None))
        yield Batch(gzip.compress(msgspec.json.encode({"events": items}), 1), rows)
