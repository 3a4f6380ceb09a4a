"""What every view needs: the running service, who asks, and one unit of work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar, cast

from flask import current_app, g, request

from service.access import ACCESS, Principal
from service.apikeys import principal_of
from service.http.problem import Problem
from service.takehold import Takehold
from service.unit import Unit

_View = TypeVar("_View", bound=Callable[..., Any])


def takehold() -> Takehold:
    """The service this application runs."""
    return cast(Takehold, current_app.extensions["takehold"])


def principal() -> Principal:
    """Who asks; set by `allow`."""
    return cast(Principal, g.principal)


def allow(action: str) -> Callable[[_View], _View]:
    """Lets a view through for those who may do `action` only. Raises Problem 401 or 403 in front of everybody else."""
    if action not in ACCESS:
        raise ValueError(f"{action} is not in the access table")

    def guard(view: _View) -> _View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            g.principal = authenticated(_bearer())
            if not g.principal.may(action):
                raise Problem(403, "forbidden", f"This key may not do {action}.")
            return view(*args, **kwargs)

        guarded.action = action  # type: ignore[attr-defined]
        return cast(_View, guarded)

    return guard


@contextmanager
def unit(via: str = "api") -> Iterator[Unit]:
    """One unit of work in the asker's workspace and name."""
    with takehold().command(principal().workspace_id, principal().name, via) as made:
        yield made


def authenticated(key: str) -> Principal:
    """Whose key this is. Raises Problem 401."""
    found = principal_of(takehold().database, key)
    if found is None:
        challenge = {"WWW-Authenticate": 'Bearer realm="takehold"'}
        message = "Send a valid key as Authorization: Bearer th_..."
        raise Problem(401, "unauthenticated", message, headers=challenge)
    return found


def _bearer() -> str:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""
