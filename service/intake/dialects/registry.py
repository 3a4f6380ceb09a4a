"""Every dialect that apps may speak; a new one is one module and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from service.intake.dialects import cloudevents, posthog, segment
from service.intake.dialects.messages import Read
from service.intake.xapi import lrs as xapi

DIALECTS: tuple[ModuleType, ...] = (segment, posthog, cloudevents)
"""Modules with `NAME`, `blp` (the paths that clients expect) and `read` (one item: uses and identities)."""

READERS: Mapping[str, Read] = {dialect.NAME: dialect.read for dialect in DIALECTS}

RECORDERS: tuple[ModuleType, ...] = (xapi,)
"""Modules with `NAME`, `blp` and `replay`: what they take becomes facts in the event log, and is no usage."""
