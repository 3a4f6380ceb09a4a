"""Answers kept in the process between questions, by what they were made from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, func, select

from events.activity import NAME as ACTIVITY_FOLLOWER
from events.tables import FOLLOWER
from service.directory.tables import HEARTBEAT
from service.queries.view import View
from service.readmodels.expectations import Expectations
from service.readmodels.links import Links
from service.readmodels.members import Members
from service.readmodels.retractions import Retractions

_MOST_KEPT = 40
"""Answers one process keeps of a store: three of a change and two of each definition in it; one page shows all of them.

With 100,000 people those of a definition take 40 MB.
"""

_Answer = TypeVar("_Answer")
_kept: WeakKeyDictionary[Engine, OrderedDict[Hashable, tuple[Hashable, Any]]] = WeakKeyDictionary()
_kept_lock = Lock()


def kept(view: View, name: Hashable, version: Hashable, make: Callable[[], _Answer]) -> _Answer:
    """What `make` answers, or answered in this process for the same version. Nobody may alter it.

    version: what `make` depends on besides the name. Views of the past are not kept.
    """
    if view.at is not None:
        return make()
    name = (view.workspace.id, name)
    with _kept_lock:
        answers = _kept.setdefault(view.connection.engine, OrderedDict())
        if name in answers and answers[name][0] == version:
            answers.move_to_end(name)
            return answers[name][1]  # type: ignore[no-any-return]
    made = make()
    with _kept_lock:
        answers[name] = (version, made)
        answers.move_to_end(name)
        while len(answers) > _MOST_KEPT:
            answers.popitem(last=False)
    return made


def checkpoints(view: View) -> tuple[Hashable, ...]:
    """What was last altered of what members, links and activity come from, in the same snapshot as these.

    Members come first, then links.
    """
    names = (Members.name, Links.name, Retractions.name, Expectations.name, ACTIVITY_FOLLOWER)
    # Not how far they came: every event of any kind moves them, and few of those alter what is kept.
    rows = view.connection.execute(
        select(FOLLOWER.c.name, FOLLOWER.c.generation, FOLLOWER.c.changed).where(
            FOLLOWER.c.workspace_id == view.workspace.id, FOLLOWER.c.name.in_(names)
        )
    )
    found = {row.name: tuple(row) for row in rows}
    beats = select(func.count()).where(HEARTBEAT.c.workspace_id == view.workspace.id)
    return *(found.get(name) for name in names), view.connection.scalar(beats)
