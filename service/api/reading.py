"""What every read of a read model has in common: one snapshot, new enough for its reader, or labelled stale."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Range
from sqlalchemy import Connection, select

from events.followers import Follower
from events.log import head
from events.tables import FOLLOWER
from service.api.context import principal, takehold
from service.takehold import Takehold

_PATIENCE_SECONDS = 2.0
"""A read model is behind for milliseconds; whoever has waited this long is served better by an older state."""
_HELP_SECONDS = 0.1
_PAUSE_SECONDS = 0.02
"""Between two looks: a step of a follower takes about that."""

View = Callable[..., Any]


class FreshSchema(Schema):
    """What every read may be asked for."""

    min_position = fields.Integer(
        validate=Range(0, 2**63 - 1),
        metadata={"description": "Position that a write answered: what was written up to it is to be seen."},
    )


class StaleSchema(Schema):
    """How an answer that may lack something says so; both are absent from every other."""

    stale = fields.Boolean(metadata={"description": "true where something that was recorded is not in it yet."})
    stale_since = fields.DateTime(metadata={"description": "When what it is made from was stopped by a fault."})


@dataclass(frozen=True)
class _State:
    """reached: position up to which everything is there. last: of the log. stopped: since when nothing moves."""

    reached: int
    last: int
    stopped: datetime | None


def reading(*models: type[Follower]) -> Callable[[View], View]:
    """Gives a view a snapshot before its arguments, the first of which holds FreshSchema's query.

    models: the read models that it reads; none for what is folded from the log itself, which is always new. Waits up
    to 2 s for `min_position`; what is answered then says if something is missing.
    """
    names = [model.name for model in models]

    def decorate(view: View) -> View:
        @wraps(view)
        def read(query: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
            wanted, workspace_id = query.get("min_position", 0), principal().workspace_id
            if wanted:
                _wait(takehold(), workspace_id, names, wanted)
            with takehold().database.read() as connection:
                # In the snapshot that is answered from, or the label might speak of another state.
                label = _label(_state(connection, workspace_id, names), wanted)
                answer = view(connection, query, *args, **kwargs)
            body, headers = answer if isinstance(answer, tuple) else (answer, {})
            # A stale answer has no tag: the same version would come with another body.
            return {**body, **label}, {} if label else headers

        return read

    return decorate


def _wait(takehold: Takehold, workspace_id: str, names: Sequence[str], position: int) -> None:
    def state() -> _State:
        with takehold.database.read() as connection:
            return _state(connection, workspace_id, names)

    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (now := state()).reached < position and not now.stopped and time.monotonic() < deadline:
        # Only to what is in the log can anybody help along.
        if now.last >= position:
            takehold.catch_up(workspace_id, _HELP_SECONDS)
        time.sleep(_PAUSE_SECONDS)


def _state(connection: Connection, workspace_id: str, names: Sequence[str]) -> _State:
    last = head(connection, workspace_id)[0]
    rows = connection.execute(
        select(FOLLOWER.c.position, FOLLOWER.c.stopped, FOLLOWER.c.moved_at).where(
            FOLLOWER.c.workspace_id == workspace_id, FOLLOWER.c.name.in_(names)
        )
    ).all()
    since = [row.moved_at for row in rows if row.stopped]
    return _State(min([last, *(row.position for row in rows)]), last, min(since) if since else None)


def _label(state: _State, wanted: int) -> dict[str, Any]:
    if state.stopped:
        return {"stale": True, "stale_since": state.stopped}
    return {"stale": True} if state.reached < wanted else {}
