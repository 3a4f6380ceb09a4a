"""The log's heads are signed and kept outside, and the log is exported: who has them need not trust this service."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any
from uuid import UUID, uuid5

import structlog

from events import archive, heads
from events.archive import Written
from events.heads import Head
from events.log import head as head_of
from events.log import last_of
from events.stored import stored
from events.types.trust import HeadSigned
from notifiers.errors import DeliveryError
from notifiers.http_post import post_json
from service.settings import Settings
from service.takehold import Takehold
from service.unit import Unit

_log = structlog.get_logger(__name__)
_STREAMS = UUID("d3b0a7f4-2c0e-4b53-9a64-6c1b8b1f0e27")
"""Namespace of the streams that hold signed heads, one for each workspace."""
SIGN_EVERY = timedelta(minutes=5)
"""How much of the newest past could be altered without a signature against it."""


class NothingToExport(Exception):
    """The workspace has no events yet."""


def sign_head(unit: Unit) -> Head | None:
    """Records the signed head of the log, to be kept after the commit; nothing where it is empty or ends with one."""
    workspace = unit.workspace.id
    position, hash, _ = head_of(unit.connection, workspace)
    stream = uuid5(_STREAMS, workspace)
    last = last_of(unit.connection, workspace, [stream]).get(stream)
    if position == (last.position if last else 0):
        return None
    signed = heads.sign_head(_seed(unit), workspace, position, hash, unit.now)
    said = HeadSigned(
        position=position,
        hash=hash,
        signed_at=signed.signed_at,
        public_key=signed.public_key,
        signature=signed.signature,
    )
    unit.append(stream, [said])
    return signed


def sign_if_due(takehold: Takehold, workspace_id: str, now: datetime) -> Head | None:
    """Signs and keeps a head when there are new events and the last one is SIGN_EVERY old, whoever signed that."""
    with takehold.command(workspace_id, actor="system", via="worker", now=now) as unit:
        stream = uuid5(_STREAMS, workspace_id)
        # Under the events lock, so that of two workers the second sees what the first has signed.
        last = last_of(unit.connection, workspace_id, [stream]).get(stream)
        signed = None if last and now - last.recorded_at < SIGN_EVERY else sign_head(unit)
    if signed:
        keep_head(takehold.settings, signed)
    return signed


def keep_head(settings: Settings, signed: Head) -> None:
    """Appends a head to the file and posts it to the webhook that are set.

    What fails is logged and stops nothing: the next head stands for all before it.
    """
    line = signed.line()
    if settings.heads_file:
        try:
            _append(settings.heads_file, line)
        except OSError as error:
            _log.warning("head not kept", where="file", error=type(error).__name__)
    if settings.heads_webhook:
        try:
            post_json(settings.heads_webhook, json.loads(line))
        except DeliveryError as error:
            _log.warning("head not kept", where="webhook", error=error.reason)


def export(
    takehold: Takehold, workspace_id: str, target: IO[bytes], told: Callable[[int, int], None] = lambda *_: None
) -> Written:
    """Writes the log with a fresh head at its end. told: events written, of how many.

    Raises NoWorkspace, NothingToExport, and Unreadable for a row that somebody spoilt.
    """
    with takehold.command(workspace_id, actor="system", via="cli") as unit:
        sign_head(unit)
        seed = _seed(unit)
    with takehold.database.read() as connection:
        last, _, _ = head_of(connection, workspace_id)
        if last == 0:
            raise NothingToExport
        rows = _counted(stored(connection, workspace_id), last, told)
        return archive.write(target, workspace_id, seed, rows, datetime.now(UTC))


def _counted(
    rows: Iterator[Mapping[str, Any]], total: int, told: Callable[[int, int], None]
) -> Iterator[Mapping[str, Any]]:
    for done, row in enumerate(rows, start=1):
        yield row
        told(done, total)


def _seed(unit: Unit) -> bytes:
    return unit.vault.workspace_key(unit.workspace.id, "signing")


def _append(path: Path, line: str) -> None:
    """One write, so that processes that append at once do not mix their lines."""
    with path.open("a+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        # A disk that was full left half a line, which must not spoil this one as well.
        torn = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
        file.write(b"\n" * torn + line.encode() + b"\n")
        os.fsync(file.fileno())
