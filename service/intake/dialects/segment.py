"""Segment's HTTP tracking API, and RudderStack's, which has the same paths and messages.

Source: https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, request

from service.access import Principal
from service.api.context import takehold
from service.http.body import read_body
from service.http.problem import Problem
from service.intake.dialects import segment_config
from service.intake.dialects.messages import (
    IDENTIFIER,
    Identity,
    NoPlace,
    collect,
    first_text,
    identifier,
    instant,
    members,
    text,
)
from service.intake.dialects.receiving import asker, body, dialect_route, key_of_header, open_to_browsers, receive
from service.intake.store import Use

NAME = "segment"
BATCH_BYTES, MESSAGE_BYTES = 512_000, 32_768
"""500 KB and 32 KB; more is refused with 400, so that a client does not send it again."""

blp = Blueprint("segment", __name__)
open_to_browsers(blp)
segment_config.mount(blp)

_SHORT = {"t": "track", "i": "identify", "g": "group", "p": "page", "s": "screen", "a": "alias"}
_TYPES = tuple(_SHORT.values())


@dialect_route(blp, *(f"/v1/{name}" for pair in _SHORT.items() for name in pair))
def post_message() -> dict[str, Any]:
    """One message of Segment's or RudderStack's clients"""
    message, who = _read()
    kind = request.path.rsplit("/", 1)[-1]
    message["type"] = _SHORT.get(kind, kind)
    if len(read_body(request)) > MESSAGE_BYTES and not _of_rudderstack(message):
        raise Problem(400, "message_too_large", f"A message takes at most {MESSAGE_BYTES} bytes.")
    return _stored(who, [message])


@dialect_route(blp, "/v1/batch", "/v1/import", "/v1/b")
def post_batch() -> dict[str, Any]:
    """A batch of messages of Segment's or RudderStack's clients"""
    sent, who = _read()
    messages = sent.get("batch")
    if not isinstance(messages, list):
        raise Problem(400, "invalid_batch", "batch: must be a list of messages.")
    if len(read_body(request)) > BATCH_BYTES and not any(_of_rudderstack(one) for one in messages[:1]):
        raise Problem(400, "batch_too_large", f"A batch takes at most {BATCH_BYTES} bytes.")
    return _stored(who, messages)


def read(message: object, app: str) -> Iterator[Use | Identity]:
    """What one message says. Raises NoPlace."""
    said = members(message, "message")
    kind = said.get("type")
    if kind not in _TYPES:
        raise NoPlace("type: not one of track, identify, group, page, screen, alias")
    if kind == "group":
        # A hint at a role; memberships are told by the organisation.
        return
    user = first_text([("userId", said.get("userId"))], IDENTIFIER)
    anonymous = first_text([("anonymousId", said.get("anonymousId"))], IDENTIFIER)
    actor = user or (f"anonymous:{anonymous}" if anonymous else None)
    if kind == "alias":
        previous = text(said.get("previousId"), "previousId", IDENTIFIER)
        yield Identity(previous, same_as=text(user, "userId", IDENTIFIER))
        return
    if actor is None:
        raise NoPlace("userId: missing")
    if kind == "identify":
        email = first_text([("traits.email", members(said.get("traits"), "traits").get("email"))], IDENTIFIER)
        yield Identity(actor, email)
        if user and anonymous:
            yield Identity(f"anonymous:{anonymous}", same_as=user)
        return
    properties = members(said.get("properties"), "properties")
    named = said.get("event") if kind == "track" else said.get("name") or properties.get("name") or kind
    yield Use(
        identifier(said.get("messageId"), message),
        first_text([("properties.app", properties.get("app"))]) or app,
        text(named, "event" if kind == "track" else "name"),
        actor,
        # Never sentAt, nor a batch's own: RudderStack's Node client writes there when it sent, anew for each retry. And
        # what the app says before originalTimestamp, where that client writes when it was told, as its server has it.
        instant((name, said.get(name)) for name in ("timestamp", "originalTimestamp", "time")),
        kind="use" if kind == "track" else "passive",
    )


def _read() -> tuple[dict[str, Any], Principal]:
    """The body and who sent it. Raises Problem."""
    # By the header where there is one: without a key nobody's body is worth parsing.
    who = asker(key_of_header()) if request.authorization else None
    sent = body()
    if not isinstance(sent, dict):
        raise Problem(400, "invalid_batch", "The body must be a JSON object.")
    if who is None:
        key = sent.get("writeKey")
        who = asker(key if isinstance(key, str) else None)
    return sent, who


def _stored(who: Principal, messages: list[object]) -> dict[str, Any]:
    receive(NAME, who, collect(messages, who.source, read, takehold().settings.usage_retention_days))
    # To the letter: the Python clients take anything but 200 for a failure.
    return {"success": True}


def _of_rudderstack(message: object) -> bool:
    """RudderStack's clients give up, or end the customer's process, where they are refused once the key is known."""
    said = message if isinstance(message, dict) else {}
    # The one for Node calls its library analytics-node, as Segment's once did; a channel is told by RudderStack's only.
    if "channel" in said:
        return True
    context = said.get("context")
    library = context.get("library") if isinstance(context, dict) else None
    name = library.get("name") if isinstance(library, dict) else None
    return isinstance(name, str) and "rudder" in name.lower()
