"""Takes our own export back in: the same events at the same positions, so that the chain is the same to the last byte.

What an export does not hold does not come back: names, addresses, keys and observations. People are pseudonyms here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from msgspec import MsgspecError
from msgspec.structs import asdict
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import DataError, IntegrityError

from events.activity import NAME
from events.archive import BadArchive, Line, Reader
from events.catalog import UnknownEvent, decode
from events.heads import public_key
from events.log import head
from events.sealed import Sealed
from events.stored import stored
from events.tables import EVENT, FOLLOWER, SOURCE, USAGE
from events.types.base import Event
from events.types.usage import UsageRetracted, UsageSealed
from events.usage_log import last_seq
from events.verify import Verdict, verify_archive, verify_rows
from service.directory.tables import ACCOUNT
from service.intake.imports.files import Progress
from service.takehold import Takehold
from service.vault import Erased
from service.worker.follow import caught_up

_AT_ONCE = 500
_INSTANTS = ("occurred_at", "recorded_at")
_IDS = ("stream", "event_id", "import_id", "correlation", "causation")
_ACCOUNTS = ("account", "into")
"""Fields of events that hold the number of an account."""
_TRIED = 20


class CannotTakeIn(Exception):
    """Nothing was stored; the message is a sentence that says why."""


@dataclass(frozen=True)
class TakenIn:
    """What became of an export. hash: of the last event. sealed: how many notes and other texts are under a key.

    readable: whether such keys are here; None where nothing is sealed. same_key: whether this store signs its heads as
    the one that wrote the export. followed: whether all that follows the log has come to its end.
    """

    workspace_id: str
    events: int
    hash: str
    public_key: str | None
    sealed: int
    readable: bool | None
    same_key: bool
    followed: bool


@dataclass
class _Seen:
    """What was met in the events: the highest number of an account, sources by their numbers, the imports that some of
    these are of, and sealed texts."""

    account: int = 0
    sources: dict[int, str] = field(default_factory=dict)
    imports: dict[int, UUID] = field(default_factory=dict)
    through: int = 0
    sealed: int = 0
    some: list[Sealed] = field(default_factory=list)

    def add(self, event: Event) -> None:
        if isinstance(event, UsageRetracted):
            self.sources.update(dict.fromkeys(event.numbers, event.source))
            if event.import_id:
                self.imports.update(dict.fromkeys(event.numbers, event.import_id))
        if isinstance(event, UsageSealed):
            self.through = max(self.through, event.through)
        for one in fields(event):
            value = getattr(event, one.name)
            if one.name in _ACCOUNTS:
                self.account = max(self.account, value)
            elif isinstance(value, Sealed):
                self.sealed += 1
                if len(self.some) < _TRIED:
                    self.some.append(value)


class _Watched(FileIO):
    """A file that tells how far it was read."""

    def __init__(self, path: Path, progress: Progress) -> None:
        super().__init__(path, "rb")
        self._progress, self._size = progress, path.stat().st_size

    def read(self, size: int | None = -1) -> bytes:
        content = super().read(-1 if size is None else size)
        self._progress("bytes verified", self.tell(), self._size)
        return content


def check_log(path: Path, progress: Progress, workspace_id: str | None = None) -> Verdict:
    """Verifies an export, of a certain workspace if one is named, and touches no store. Raises CannotTakeIn."""
    try:
        with _Watched(path, progress) as file:
            verdict = verify_archive(file, workspace_id=workspace_id)
    except BadArchive as error:
        raise CannotTakeIn(f"{path}: {error}. Nothing was stored.") from None
    except OSError as error:
        raise CannotTakeIn(f"{path} cannot be read: {error.strerror}.") from None
    if not verdict.holds:
        raise CannotTakeIn(
            f"{path} does not hold, from position {verdict.bad_position} on: {verdict.reason}. Nothing was stored."
        )
    return verdict


def import_log(takehold: Takehold, path: Path, verdict: Verdict, progress: Progress) -> TakenIn:
    """Appends all of an export that was checked, in one transaction; then whatever follows the log catches up.

    Raises CannotTakeIn, NoWorkspace and Busy.
    """
    workspace = takehold.workspace(verdict.workspace_id)
    with takehold.database.write("events", workspace.id) as connection:
        _check_empty(connection, workspace.id)
        seen = _append(connection, path, verdict.events, progress)
        again = verify_rows(workspace.id, stored(connection, workspace.id))
        if not again.holds or again.events != verdict.events:
            raise CannotTakeIn(f"{path} was altered while it was read. Nothing was stored.")
        last = head(connection, workspace.id)[1]
        if seen.account:
            _reserve(takehold, connection, workspace.id, seen.account)
        if seen.sources:
            _retire(connection, workspace.id, seen)
        if seen.through:
            _go_on_after(connection, workspace.id, seen.through)
    return TakenIn(
        workspace.id,
        verdict.events,
        last,
        verdict.public_key,
        seen.sealed,
        _opens(takehold, workspace.id, seen.some),
        public_key(takehold.vault.workspace_key(workspace.id, "signing")) == verdict.public_key,
        caught_up(takehold, workspace),
    )


def _check_empty(connection: Connection, workspace_id: str) -> None:
    used = select(ACCOUNT.c.account_id).where(ACCOUNT.c.workspace_id == workspace_id).limit(1)
    if head(connection, workspace_id)[0]:
        raise CannotTakeIn(f"Workspace {workspace_id} holds events already; an export goes into an empty one.")
    # Its accounts have numbers by which the export's events mean others.
    if last_seq(connection, workspace_id) or connection.scalar(used) is not None:
        raise CannotTakeIn(f"Workspace {workspace_id} holds observations already; an export goes into an empty one.")


def _append(connection: Connection, path: Path, total: int, progress: Progress) -> _Seen:
    seen = _Seen()
    rows: list[dict[str, Any]] = []
    try:
        for line in _lines(path):
            seen.add(decode(line.type, line.schema_version, line.data))
            rows.append(_row(line))
            if len(rows) == _AT_ONCE or line.position == total:
                connection.execute(insert(EVENT), rows)
                progress("events stored", line.position, total)
                rows.clear()
    except UnknownEvent as newer:
        raise CannotTakeIn(f"Position {line.position}: {newer}. Nothing was stored.") from None
    except (MsgspecError, ValueError):
        raise CannotTakeIn(f"Position {line.position}: the event cannot be read. Nothing was stored.") from None
    except (DataError, OverflowError):
        raise CannotTakeIn(f"Up to position {line.position}: an event fits no store. Nothing was stored.") from None
    except IntegrityError:
        raise CannotTakeIn(f"Up to position {line.position}: an id stands there twice. Nothing was stored.") from None
    return seen


def _lines(path: Path) -> Iterator[Line]:
    try:
        with path.open("rb") as file:
            yield from Reader(file).rows()
    except (BadArchive, OSError):
        raise CannotTakeIn(f"{path} was altered while it was read. Nothing was stored.") from None


def _row(line: Line) -> dict[str, Any]:
    values = asdict(line)
    for name in _INSTANTS:
        values[name] = datetime.fromisoformat(values[name])
    for name in _IDS:
        values[name] = UUID(values[name]) if values[name] is not None else None
    return values


def _reserve(takehold: Takehold, connection: Connection, workspace_id: str, highest: int) -> None:
    """Keeps numbers of accounts that the events speak of from being given to others, whose use would be taken for
    that of the people they are linked to."""
    box = takehold.vault.seal(workspace_id, "")
    connection.execute(
        insert(ACCOUNT).values(
            workspace_id=workspace_id,
            account_id=highest,
            # Of no source, and under an index that is nobody's.
            source_id=0,
            actor_index=str(uuid4()),
            actor_key=box.key,
            actor=box.box,
            linked=True,
        )
    )


def _retire(connection: Connection, workspace_id: str, seen: _Seen) -> None:
    """Keeps numbers of sources whose reports were retracted from being given to others, whose reports would not
    count."""
    rows = [
        {
            "workspace_id": workspace_id,
            "source_id": number,
            "name": name,
            "retired": number,
            "import_id": seen.imports.get(number),
        }
        for number, name in seen.sources.items()
    ]
    connection.execute(insert(SOURCE), rows)


def _go_on_after(connection: Connection, workspace_id: str, through: int) -> None:
    """Lets numbers of observations go on after those that the seals speak of, or new ones would pass for sealed.

    What holds the place counts nothing, is folded already, and is forgotten like any other once there are newer ones.
    """
    place = {"source_id": 0, "account_id": 0, "feature_id": 0, "occurred_ms": 0, "received_ms": 0, "count": 0}
    connection.execute(insert(USAGE).values(workspace_id=workspace_id, k=bytes(16), seq=through, **place))
    here = FOLLOWER.c.workspace_id == workspace_id, FOLLOWER.c.name == NAME
    connection.execute(update(FOLLOWER).where(*here).values(position=through, changed=through))


def _opens(takehold: Takehold, workspace_id: str, some: list[Sealed]) -> bool | None:
    """Whether any of some sealed texts can be opened; single keys may have been destroyed on purpose."""
    for one in some:
        try:
            takehold.vault.open(workspace_id, one)
        except (Erased, ValueError):
            continue
        return True
    return False if some else None
