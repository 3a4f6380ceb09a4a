"""Our own dialect: `{"events": [{id, app, feature, actor, occurred_at, count?, duration_ms?, properties?}]}`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec

from service.http.fields import MAX_AHEAD
from service.intake.store import Use, store
from service.takehold import Takehold

MAX_ITEMS = 2000
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
_Duration = Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]
_PROPERTIES_LIMIT = 4096


class Item(msgspec.Struct, forbid_unknown_fields=True):
    """One observation as it is sent."""

    id: _Id
    app: _Name
    feature: _Name
    actor: _Id
    occurred_at: datetime
    count: _Count = 1
    duration_ms: _Duration | None = None
    properties: dict[str, Any] | None = None


@dataclass(frozen=True)
class NotStored:
    """An item that was not stored: where it stood in the batch, `duplicate` or `rejected`, and why."""

    index: int
    status: str
    reason: str | None = None
    field: str | None = None


@dataclass(frozen=True)
class Summary:
    """What became of a batch; `items` are those that were not stored."""

    stored: int
    duplicate: int
    rejected: int
    items: list[NotStored]


class _Rejected(Exception):
    def __init__(self, reason: str, field: str | None = None) -> None:
        super().__init__(reason)
        self.reason, self.field = reason, field


def take(
    takehold: Takehold, workspace_id: str, source: str, items: Sequence[object], now: datetime | None = None
) -> Summary:
    """Judges and stores a batch item by item. Raises Busy; then nothing was stored."""
    now = now or datetime.now(UTC)
    oldest = now - timedelta(days=takehold.settings.usage_retention_days)
    uses: list[tuple[int, Use]] = []
    left_out: list[NotStored] = []
    for index, item in enumerate(items):
        try:
            uses.append((index, _use(item, oldest, now + MAX_AHEAD)))
        except _Rejected as rejected:
            left_out.append(NotStored(index, "rejected", rejected.reason, rejected.field))
    refused = len(left_out)
    stored = store(takehold, workspace_id, source, [use for _, use in uses])
    left_out += [NotStored(index, "duplicate") for (index, _), new in zip(uses, stored, strict=True) if not new]
    return Summary(sum(stored), len(stored) - sum(stored), refused, sorted(left_out, key=lambda item: item.index))


def _use(raw: object, oldest: datetime, latest: datetime) -> Use:
    try:
        item = msgspec.convert(raw, Item)
    except msgspec.ValidationError as error:
        # msgspec says what and where: "Expected `int` >= 1 - at `$.count`".
        message, _, where = str(error).partition(" - at `$")
        raise _Rejected(message, where.strip("`.") or None) from None
    if item.occurred_at.tzinfo is None:
        raise _Rejected("needs a time zone, such as 2026-03-01T09:00:00Z", "occurred_at")
    if item.occurred_at > latest:
        raise _Rejected("too_far_ahead", "occurred_at")
    if item.occurred_at < oldest:
        raise _Rejected("too_old", "occurred_at")
    properties = None if item.properties is None else json.dumps(item.properties, separators=(",", ":"))
    if properties and len(properties) > _PROPERTIES_LIMIT:
        raise _Rejected(f"more than {_PROPERTIES_LIMIT} characters of JSON", "properties")
    return Use(
        item.id,
        item.app,
        item.feature,
        item.actor,
        int(item.occurred_at.timestamp() * 1000),
        item.count,
        item.duration_ms,
        properties,
    )
