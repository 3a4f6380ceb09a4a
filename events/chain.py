"""The hash chain: each event's hash covers the one before it, so that no past event can be changed unseen.

hash = sha256(previous hash || canonical header || sha256(data)), all of it in bytes; the first previous hash is
32 zero bytes. The header holds every column but data and hash, as JSON with sorted keys and instants in UTC with
six decimals.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

GENESIS = "0" * 64
_HEADER = (
    "workspace_id",
    "position",
    "stream",
    "stream_version",
    "event_id",
    "type",
    "schema_version",
    "actor",
    "via",
    "import_id",
    "app_version",
    "correlation",
    "causation",
    "occurred_at",
    "recorded_at",
)


def link(previous: str, row: Mapping[str, Any]) -> str:
    """The hash (64 hex digits) of an event row, given the hash of the row before it."""
    header = {name: plain(row[name]) for name in _HEADER}
    data = hashlib.sha256(row["data"].encode()).digest()
    return hashlib.sha256(bytes.fromhex(previous) + msgspec.json.encode(header, order="sorted") + data).hexdigest()


def plain(value: Any) -> Any:
    """A column's value as the header holds it: instants and ids as text, all else as it is."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return str(value) if isinstance(value, UUID) else value
