"""CloudEvents 1.0 over HTTP, in binary, structured and batch mode; for servers, so pages may not read the answers.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md, and for what a
broker asks before it delivers https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md (4)
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from flask import Blueprint, Response, request

from service.api.context import takehold
from service.http import strict_json
from service.http.body import read_body
from service.http.problem import FieldError, Problem
from service.intake.dialects.messages import IDENTIFIER, Identity, NoPlace, collect, first_text, instant, members, text
from service.intake.dialects.receiving import asker, body, dialect_route, key_of_header, receive
from service.intake.store import Use

NAME = "cloudevents"
VERSION = "1.0"
MOST = 1_000_000
"""Most actions that one event tells of."""

blp = Blueprint("cloudevents", __name__)

_PREFIX = "ce-"
_REQUIRED = ("id", "source", "type")
_SOURCE = 1024


@dialect_route(blp, "/v1/cloudevents")
def post_events() -> tuple[str, int]:
    """CloudEvents 1.0 in binary, structured or batch mode"""
    who = asker(key_of_header())
    receive(NAME, who, collect(_events(), who.source, read, takehold().settings.usage_retention_days))
    # Without a body: brokers take one for an event in reply.
    return "", 202


@blp.after_request
def _welcome(response: Response) -> Response:
    """Consents to deliveries where a broker asks whether they are wanted; each still needs a key."""
    if request.method == "OPTIONS" and "WebHook-Request-Origin" in request.headers:
        response.headers["WebHook-Allowed-Origin"] = response.headers["WebHook-Allowed-Rate"] = "*"
    return response


def read(event: object, app: str) -> Iterator[Use | Identity]:
    """What one event says, in the form it has in structured mode. Raises NoPlace."""
    said = members(event, "event")
    if said.get("specversion") != VERSION:
        raise NoPlace(f"specversion: not {VERSION}")
    data = _data(said)
    people = [("data.actor", data.get("actor")), ("data.userId", data.get("userId"))]
    people += [(name, said.get(name)) for name in ("authid", "subject")]
    actor = first_text(people, IDENTIFIER)
    source, number = text(said.get("source"), "source", _SOURCE), text(said.get("id"), "id", IDENTIFIER)
    feature = text(said.get("type"), "type")
    if actor is None:
        raise NoPlace("data.actor: missing")
    count = data.get("count", 1)
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST:
        raise NoPlace(f"data.count: not a whole number from 1 to {MOST:,}")
    yield Use(
        # Neither holds a line break, so no two pairs read alike.
        f"{source}\n{number}",
        first_text([("data.app", data.get("app"))]) or app,
        feature,
        actor,
        instant([("time", said.get("time"))]),
        count,
    )


def _events() -> list[object]:
    """The events of a request. Raises Problem 400 and 415."""
    kind = request.mimetype
    if kind.startswith("application/cloudevents"):
        if not kind.endswith("+json"):
            message = "Of the formats of CloudEvents, send JSON: application/cloudevents+json."
            raise Problem(415, "unsupported_media_type", message)
    elif any(name.lower().startswith(_PREFIX) for name, _ in request.headers):
        return [_checked(_binary(kind), _PREFIX)]
    sent = body()
    # By what is there, since a batch may come labelled as one event, or as plain JSON.
    return sent if isinstance(sent, list) else [_checked(sent, "")]


def _binary(kind: str) -> dict[str, Any]:
    """An event whose attributes are headers, in the form it has in structured mode. Raises Problem 400."""
    event: dict[str, Any] = {
        name[len(_PREFIX) :].lower(): unquote(value)
        for name, value in request.headers.items()
        if name.lower().startswith(_PREFIX)
    }
    raw = read_body(request)
    if not raw.strip():
        return event
    if kind == "" or kind.endswith(("/json", "+json")):
        return {**event, "data": body()}
    return {**event, "datacontenttype": kind, "data_base64": b64encode(raw).decode()}


def _checked(event: object, prefix: str) -> object:
    """An event that came alone, so that whoever sent it learns what it lacks to be one. Raises Problem 400."""
    if not isinstance(event, dict):
        raise Problem(400, "invalid_event", "The body must be a CloudEvent, or a list of them.")
    faults = [
        FieldError(field=f"{prefix}{name}", message="Missing.")
        for name in _REQUIRED
        if not isinstance(event.get(name), str) or not event[name].strip()
    ]
    if event.get("specversion") != VERSION:
        faults.append(FieldError(field=f"{prefix}specversion", message=f"Must be {VERSION}."))
    if faults:
        named = ", ".join(fault["field"] for fault in faults)
        raise Problem(400, "invalid_event", f"This is not a CloudEvent {VERSION}: see {named}.", faults)
    return event


def _data(said: dict[str, object]) -> dict[str, object]:
    encoded = said.get("data_base64")
    if encoded is None:
        return members(said.get("data"), "data")
    try:
        # Some clients send bytes whatever is in them.
        return members(strict_json.loads(b64decode(str(encoded), validate=True)), "data")
    except (BadBase64, ValueError, strict_json.BadJson):
        raise NoPlace("data: not an object") from None
