"""Our own dialect: `{"events": [{id, app, feature, actor, occurred_at, count?, duration_ms?, properties?}]}`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from service.http.fields import MAX_AHEAD
from service.http.problem import MAX_PATH
from service.intake.store import Use

# To the very end of the text: `$` would let a newline follow.
_PRINTABLE = r"\A[^\x00-\x1f\x7f-\x9f]+\Z"
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=_PRINTABLE)]
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=_PRINTABLE)]
_Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
_Duration = Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]
_PROPERTIES_LIMIT = 4096
_AT = re.compile(r"(?:field | at )`(?:\$\.)?(.*)`$", re.DOTALL)
"""How msgspec ends a complaint: "... - at `$.count`" or "... required field `app`"."""


class Item(msgspec.Struct, forbid_unknown_fields=True):
    """One observation as it is sent."""

    id: _Id
    app: _Name
    feature: _Name
    actor: _Id
    occurred_at: datetime
    count: _Count | UnsetType = UNSET
    duration_ms: _Duration | UnsetType | None = UNSET
    properties: dict[str, Any] | None = None


class PlainItem(msgspec.Struct, forbid_unknown_fields=True):
    """An Item without properties, from a text that holds no control characters."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    app: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    feature: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    actor: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    occurred_at: datetime
    count: _Count | UnsetType = UNSET
    duration_ms: _Duration | UnsetType | None = UNSET


class _PlainBody(msgspec.Struct, forbid_unknown_fields=True):
    events: list[PlainItem]


_PLAIN_BODY = msgspec.json.Decoder(_PlainBody)
_QUOTES_OF_ITEM = 2 * 5 + 2 * 5
"""Of the five keys that every item has, and of their values, which all are strings."""


def plain_items(raw: bytes) -> list[PlainItem] | None:
    """The items of a body that is beyond doubt; None for any other, which must be judged with care.

    Ten times as fast as strict JSON and then item by item; never accepts what that would refuse.
    """
    # The ways in which JSON can hold what _PRINTABLE refuses: escapes, DEL, and the first byte of U+0080 to U+009F.
    if b"\\" in raw or b"\x7f" in raw or b"\xc2" in raw:
        return None
    try:
        items = _PLAIN_BODY.decode(raw).events
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    extra = sum((item.count is not UNSET) + (item.duration_ms is not UNSET) for item in items)
    # Without escapes every quote begins or ends a string; more of them than were read is a key given twice.
    if raw.count(b'"') != 2 + _QUOTES_OF_ITEM * len(items) + 2 * extra:
        return None
    return items


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


@dataclass(frozen=True)
class Judged:
    """A batch before it is stored: the observations that may be, where each stood in it, and what was rejected."""

    uses: list[Use]
    indexes: list[int]
    rejected: list[NotStored]

    def summary(self, stored: Sequence[bool]) -> Summary:
        """What became of the batch, when it is known of each observation whether it was new."""
        repeats = [NotStored(index, "duplicate") for index, new in zip(self.indexes, stored, strict=True) if not new]
        left_out = sorted(self.rejected + repeats, key=lambda item: item.index)
        return Summary(sum(stored), len(repeats), len(self.rejected), left_out)


def judge(items: Sequence[object], retention_days: int, now: datetime | None = None) -> Judged:
    """Judges a batch item by item; what is older than `retention_days` is rejected."""
    now = now or datetime.now(UTC)
    oldest = now - timedelta(days=retention_days)
    judged = Judged([], [], [])
    for index, item in enumerate(items):
        try:
            judged.uses.append(_use(item, oldest, now + MAX_AHEAD))
            judged.indexes.append(index)
        except _Rejected as rejected:
            judged.rejected.append(NotStored(index, "rejected", rejected.reason, rejected.field))
    return judged


def _use(raw: object, oldest: datetime, latest: datetime) -> Use:
    item = raw if isinstance(raw, PlainItem) else _item(raw)
    if item.occurred_at.tzinfo is None:
        raise _Rejected("needs a time zone, such as 2026-03-01T09:00:00Z", "occurred_at")
    if item.occurred_at > latest:
        raise _Rejected("too_far_ahead", "occurred_at")
    if item.occurred_at < oldest:
        raise _Rejected("too_old", "occurred_at")
    return Use(
        item.id,
        item.app,
        item.feature,
        item.actor,
        int(item.occurred_at.timestamp() * 1000),
        1 if item.count is UNSET else item.count,
        None if item.duration_ms is UNSET else item.duration_ms,
        None if isinstance(item, PlainItem) else _properties(item),
    )


def _item(raw: object) -> Item:
    try:
        return msgspec.convert(raw, Item)
    except msgspec.ValidationError as error:
        message = str(error)
        where = _AT.search(message)
        raise _Rejected(message.partition(" - at `$")[0][:MAX_PATH], where[1][:MAX_PATH] if where else None) from None


def _properties(item: Item) -> str | None:
    properties = None if item.properties is None else json.dumps(item.properties, separators=(",", ":"))
    if properties and len(properties) > _PROPERTIES_LIMIT:
        raise _Rejected(f"more than {_PROPERTIES_LIMIT} characters of JSON", "properties")
    return properties
