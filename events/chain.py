"""The hash chain: each event's hash covers the one before it, so that no past event can be changed unseen.

hash = sha256(previous hash || canonical header || sha256(data)), all of it in bytes; the first previous hash is
32 zero bytes. The header holds every column but data and hash, as JSON with sorted keys and instants in UTC with
six decimals.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

import msgspec

GENESIS = "0" * 64
_HEADER = (
    "actor",
    "app_version",
    "causation",
    "correlation",
    "event_id",
    "import_id",
    "occurred_at",
    "position",
    "recorded_at",
    "schema_version",
    "stream",
    "stream_version",
    "type",
    "via",
    "workspace_id",
)
"""Sorted by name, as the keys of canonical JSON are."""
_values = itemgetter(*_HEADER)


def link(previous: str, row: Mapping[str, Any]) -> str:
    """The hash (64 hex digits) of an event row, given the hash of the row before it."""
    header = dict(zip(_HEADER, _values(row), strict=True))
    header["occurred_at"] = plain(header["occurred_at"])
    header["recorded_at"] = plain(header["recorded_at"])
    data = hashlib.sha256(row["data"].encode()).digest()
    return hashlib.sha256(bytes.fromhex(previous) + msgspec.json.encode(header) + data).hexdigest()


def plain(value: Any) -> Any:
    """A column's value as the header holds it: instants and ids as text, all else as it is."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return str(value) if isinstance(value, UUID) else value
