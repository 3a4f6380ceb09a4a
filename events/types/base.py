"""What every event type shares: a wire name and a schema version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact that happened. Subclasses set `wire`, and raise `version` when their fields change."""

    wire: ClassVar[str]
    version: ClassVar[int] = 1
