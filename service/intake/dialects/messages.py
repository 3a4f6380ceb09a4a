"""What a dialect makes of a batch: uses, claims about who is who, and items that have no place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

import msgspec

from service.http.fields import MAX_AHEAD
from service.intake.dialects.quarantine import Unmapped
from service.intake.store import Use

NAME, IDENTIFIER = 128, 256
"""Most characters of an app or feature, and of an item's id or an actor."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class NoPlace(Exception):
    """An item cannot be mapped. reason: names the field and what is wrong with it, never its value."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Identity:
    """What a source says of its actor: an address, or another of its actors that is the same."""

    actor: str
    email: str | None = None
    same_as: str | None = None


@dataclass
class Batch:
    """A batch before it is stored. What is neither use nor identity nor unmapped was of no concern here."""

    uses: list[Use] = field(default_factory=list)
    identities: list[Identity] = field(default_factory=list)
    unmapped: list[Unmapped] = field(default_factory=list)


Read = Callable[[object, str], Iterable[Use | Identity]]
"""A dialect's way to read one item, given the app that the key stands for. Raises NoPlace."""


def collect(items: Sequence[object], app: str, read: Read, retention_days: int) -> Batch:
    """Reads a batch item by item; what is older than `retention_days` or too far ahead has no place."""
    now, batch = datetime.now(UTC), Batch()
    oldest, latest = _ms(now - timedelta(days=retention_days)), _ms(now + MAX_AHEAD)
    for item in items:
        try:
            found = list(read(item, app))
            for one in found:
                if isinstance(one, Use) and one.occurred_ms is not None and not oldest <= one.occurred_ms <= latest:
                    raise NoPlace("too_old" if one.occurred_ms < oldest else "too_far_ahead")
        except NoPlace as none:
            batch.unmapped.append(Unmapped(none.reason, item))
        else:
            batch.uses += [one for one in found if isinstance(one, Use)]
            batch.identities += [one for one in found if isinstance(one, Identity)]
    return batch


def text(value: object, name: str, longest: int = NAME) -> str:
    """A name as it may be stored; numbers are taken for their digits. Raises NoPlace."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise NoPlace(f"{name}: missing")
    if len(value) > longest:
        raise NoPlace(f"{name}: longer than {longest} characters")
    if _CONTROL.search(value):
        raise NoPlace(f"{name}: holds a control character")
    return value


def first_text(names: Iterable[tuple[str, object]], longest: int = NAME) -> str | None:
    """The first of some values that is there; None when none is. Raises NoPlace."""
    return next((text(value, name, longest) for name, value in names if value not in (None, "")), None)


def instant(names: Iterable[tuple[str, object]]) -> int | None:
    """The first of some instants that is there, in ms since 1970; None when none is. Raises NoPlace.

    ISO 8601 with a zone; the clients write UTC where they write none.
    """
    for name, value in names:
        if value in (None, ""):
            continue
        try:
            found = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            found = None
        if found is None:
            raise NoPlace(f"{name}: not an ISO 8601 instant")
        return _ms(found if found.tzinfo else found.replace(tzinfo=UTC))
    return None


def identifier(value: object, item: object) -> str:
    """The id under which a retry is known again; of an item without one, a digest of all it says. Raises NoPlace."""
    if value in (None, ""):
        return blake2b(msgspec.json.encode(item, order="sorted"), digest_size=16).hexdigest()
    return text(value, "id", IDENTIFIER)


def members(value: object, name: str) -> dict[str, object]:
    """A JSON object; empty for none. Raises NoPlace for anything else."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise NoPlace(f"{name}: not an object")
    return value


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
