"""How xAPI clients ask: versions, keys, parameters, and headers of every answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from flask import Blueprint, Response, g, request

from service.api.context import authenticated
from service.http.problem import FieldError, Problem
from service.intake.dialects.receiving import body, key_of_header
from service.intake.xapi.statement import moment

VERSION, THROUGH = "X-Experience-API-Version", "X-Experience-API-Consistent-Through"
FIRST, SECOND = ("1.0.3", "1.0.2", "1.0.1", "1.0.0"), "2.0.0"
"""Versions that clients may speak; the newest of 1.0 first, which we speak to whoever speaks any of these."""

ACTION = "trainings:write"
_SETTLED = timedelta(minutes=1)
"""No writer takes as long; what was stored before can be read."""

_BROWSERS = {
    # No cookie is looked at on these paths, so any page may post with a key it knows.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "authorization, content-type, x-experience-api-version",
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, OPTIONS",
    "Access-Control-Expose-Headers": f"{VERSION}, {THROUGH}",
    "Access-Control-Max-Age": "86400",
}
_View = TypeVar("_View", bound=Callable[..., Any])


def learning_record_store(blueprint: Blueprint) -> None:
    """Gives every answer the headers of xAPI, and lets pages of any origin read it."""

    @blueprint.after_request
    def tell(response: Response) -> Response:
        response.headers.update(_BROWSERS)
        response.headers[VERSION] = SECOND if request.headers.get(VERSION) == SECOND else FIRST[0]
        # Only ever up to what is known to be there, since clients ask again from here.
        response.headers[THROUGH] = instant(g.get("xapi_through") or datetime.now(UTC) - _SETTLED)
        return response


def stored_by(blueprint: Blueprint, rule: str, method: str) -> Callable[[_View], _View]:
    """Mounts a view that gets who asks: a key that may write trainings, in a version that we speak."""

    def mount(view: _View) -> _View:
        @wraps(view)
        def asked() -> Any:
            who = authenticated(key_of_header() or "")
            if not who.may(ACTION):
                raise Problem(403, "forbidden", f"This key may not do {ACTION}.")
            if request.headers.get(VERSION) not in ("1.0", *FIRST, SECOND):
                message = f"{VERSION} must be 1.0, one of {', '.join(FIRST)}, or {SECOND}."
                raise Problem(400, "unsupported_version", message)
            return view(who)

        asked.action = ACTION  # type: ignore[attr-defined]
        blueprint.add_url_rule(rule, view_func=asked, methods=[method])
        return view

    return mount


def consistent_through(moment: datetime | None) -> None:
    """What was stored until then can be read."""
    g.xapi_through = moment


def sent() -> object:
    """The request's JSON. Raises Problem 400 and 415."""
    if request.mimetype == "multipart/mixed":
        message = "Attachments are not taken: send application/json, with a fileUrl for each attachment."
        raise Problem(415, "unsupported_media_type", message)
    if request.mimetype != "application/json":
        raise Problem(415, "unsupported_media_type", "Send the body as Content-Type: application/json.")
    return body()


def parameters(*known: str) -> dict[str, str]:
    """The query, each parameter once. Raises Problem 400 for one that is not known here."""
    for name in request.args:
        if name not in known:
            raise bad_parameter(name, "unknown parameter")
        if len(request.args.getlist(name)) > 1:
            raise bad_parameter(name, "given more than once")
    return request.args.to_dict()


def bad_parameter(name: str, message: str) -> Problem:
    """The answer to a parameter that cannot be."""
    return Problem(400, "bad_parameter", f"{name[:64]}: {message}", [FieldError(field=name[:64], message=message)])


def an_id(asked: Mapping[str, str], name: str) -> UUID:
    """A parameter that names a statement. Raises Problem 400."""
    try:
        return UUID(asked[name])
    except (KeyError, ValueError):
        raise bad_parameter(name, "must be a UUID") from None


def an_instant(asked: Mapping[str, str], name: str) -> datetime | None:
    """A parameter that names an instant; None when it is not there. Raises Problem 400."""
    if name not in asked:
        return None
    try:
        # A plus that nobody quoted arrives as a space.
        return moment(asked[name].replace(" ", "+")).astimezone(UTC)
    except (ValueError, OverflowError):
        raise bad_parameter(name, "must be an instant of ISO 8601") from None


def a_choice(asked: Mapping[str, str], name: str, *choices: str) -> str:
    """A parameter that takes some values only, the first when it is not there. Raises Problem 400."""
    found = asked.get(name, choices[0]).casefold()
    if found not in choices:
        raise bad_parameter(name, f"must be one of {', '.join(choices)}")
    return found


def a_number(asked: Mapping[str, str], name: str) -> int:
    """A parameter that is a whole number, 0 when it is not there. Raises Problem 400."""
    found = asked.get(name, "0")
    if not (found.isascii() and found.isdigit() and len(found) <= 18):
        raise bad_parameter(name, "must be a whole number")
    return int(found)


def instant(moment: datetime) -> str:
    """As xAPI writes it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
