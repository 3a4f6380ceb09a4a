"""What makes the log trustworthy from outside: signed heads, and facts taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from events.sealed import Sealed
from events.types.base import Event


@dataclass(frozen=True, kw_only=True)
class HeadSigned(Event):
    """The chain's head was signed, so that whoever keeps the signature can tell an altered past or a cut tail.

    position, hash: of the last event before this one. signed_at: instant. public_key: Ed25519, 64 hex digits.
    signature: over the statement that `events.heads` describes, 128 hex digits.
    """

    wire: ClassVar[str] = "head.signed"
    position: int
    hash: str
    signed_at: datetime
    public_key: str
    signature: str


@dataclass(frozen=True, kw_only=True)
class FactWithdrawn(Event):
    """A fact was recorded by mistake; from here on it counts no longer, and earlier views still show it.

    event_id: of the fact, which belongs to the same stream. reason: free text, sealed.
    """

    wire: ClassVar[str] = "fact.withdrawn"
    event_id: UUID
    reason: Sealed
