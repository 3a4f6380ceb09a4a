"""From a dialect's request to what is stored: who asks, what is in the body, and at which paths."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Response, request

from service.access import Principal
from service.api.context import authenticated, takehold
from service.http import strict_json
from service.http.body import read_body
from service.http.problem import FieldError, Problem
from service.intake.dialects.messages import Batch
from service.intake.dialects.taking import take
from service.metrics import OBSERVATIONS

_View = TypeVar("_View", bound=Callable[..., Any])

_BROWSERS = {
    # No cookie is looked at on these paths, so any page may post with a key it knows.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "anonymousid, authorization, content-encoding, content-type, posthog-attempt, "
    "posthog-request-id, posthog-request-timestamp, posthog-sdk-info, rsa-recovered, rsa-retry-attempt, "
    "rsa-retry-reason, rsa-since-first-attempt, rsa-since-last-attempt, sentat, x-retry-count",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Max-Age": "86400",
}


def asker(key: str | None) -> Principal:
    """Whose key this is, allowed to post usage. Raises Problem 401 and 403."""
    found = authenticated(key or "")
    if not found.may("usage:write"):
        raise Problem(403, "forbidden", "This key may not do usage:write.")
    return found


def key_of_header() -> str | None:
    """The key as user name of HTTP Basic, or as a Bearer token; None when there is neither."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            return value.strip()
        case "basic":
            try:
                user, _, password = b64decode(value, validate=True).decode().partition(":")
            except (BadBase64, UnicodeDecodeError):
                return None
            # Some clients have a user name of their own, and only the password is free.
            return password if password.startswith("th_") else user
    return None


def body() -> object:
    """The request's JSON, whatever its content type, gunzipped by header or by its first bytes. Raises Problem 400."""
    return json_in(read_body(request))


def json_in(raw: bytes) -> object:
    """The JSON that some bytes are. Raises Problem 400."""
    try:
        return strict_json.loads(raw)
    except strict_json.BadJson as bad:
        errors = [] if bad.field is None else [FieldError(field=bad.field, message=bad.message)]
        raise Problem(400, bad.code, bad.message, errors) from None


def receive(dialect: str, who: Principal, batch: Batch) -> list[bool]:
    """Stores all of a batch durably or nothing of it; says for each use whether it was new. Raises Busy."""
    stored = take(takehold(), who.workspace_id, who.source, dialect, batch)
    for verdict, number in (
        ("stored", sum(stored)),
        ("duplicate", len(stored) - sum(stored)),
        ("rejected", len(batch.unmapped)),
    ):
        OBSERVATIONS.labels(verdict=verdict).inc(number)
    return stored


def dialect_route(blueprint: Blueprint, *rules: str, methods: tuple[str, ...] = ("POST",)) -> Callable[[_View], _View]:
    """Mounts a view, at paths that clients expect, which asks for a key that may post usage by itself (`asker`)."""

    def mount(view: _View) -> _View:
        view.action = "usage:write"  # type: ignore[attr-defined]
        for rule in rules:
            blueprint.add_url_rule(rule, view_func=view, methods=[*methods])
        return view

    return mount


def open_to_browsers(blueprint: Blueprint) -> None:
    """Answers preflights, and lets pages of any origin read the answers."""

    @blueprint.after_request
    def allow(response: Response) -> Response:
        response.headers.update(_BROWSERS)
        return response
