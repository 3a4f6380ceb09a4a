"""PostHog's capture API: `/batch/` and its older and newer siblings, with the key in the body.

Source: https://posthog.com/docs/api/capture, and what the clients themselves send.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import UUID

from flask import Blueprint, request

from service.api.context import takehold
from service.http.body import read_body
from service.http.problem import Problem
from service.intake.dialects import posthog_config
from service.intake.dialects.messages import (
    IDENTIFIER,
    Batch,
    Identity,
    collect,
    first_text,
    identifier,
    instant,
    members,
    text,
)
from service.intake.dialects.receiving import asker, dialect_route, json_in, key_of_header, open_to_browsers, receive
from service.intake.store import Use

NAME = "posthog"

blp = Blueprint("posthog", __name__)
open_to_browsers(blp)
posthog_config.mount(blp)

_CAPTURE = ("/batch", "/capture", "/e", "/i/v0/e", "/track", "/i/v0/ai/batch")
_EVENTS = "/i/v1/analytics/events"
_KEYS = ("api_key", "token")
_OF_THE_SENDING = {*_KEYS, "sent_at", "offset"}
"""What an event does not say of itself: the key, and what a client writes anew for each try."""

_NOTHING = {"$groupidentify", "$feature_flag_called", "$set_once", "$unset", "$snapshot"}
_SAME = {"$create_alias", "$merge_dangerously"}


@dialect_route(blp, *(f"{path}{slash}" for path in _CAPTURE for slash in ("/", "")))
def post_capture() -> dict[str, int]:
    """An event, a list or a batch of events of PostHog's clients, with the key in it"""
    sent = _sent()
    who = asker(_key_in(sent))
    receive(NAME, who, _collected(_items(sent), who.source))
    # To the letter: the clients take anything but 200 for a failure.
    return {"status": 1}


@dialect_route(blp, _EVENTS, f"{_EVENTS}/")
def post_events() -> dict[str, Any]:
    """A batch of events of PostHog's newer clients, with the key in a header and an answer for each event"""
    who = asker(key_of_header())
    items = _items(_sent())
    batch = _collected(items, who.source)
    receive(NAME, who, batch)
    # A warning ends the matter for the client as well: the event is kept, and sending it again would change nothing.
    reasons = {_uuid(one.item): one.reason for one in batch.unmapped}
    told = [uuid for one in items if (uuid := _uuid(one)) is not None]
    return {
        "results": {
            uuid: {"result": "warning", "details": reasons[uuid]} if uuid in reasons else {"result": "ok"}
            for uuid in told
        }
    }


def read(event: object, app: str) -> Iterator[Use | Identity]:
    """What one event says. Raises NoPlace."""
    said = members(event, "item")
    name = text(said.get("event"), "event")
    if name in _NOTHING:
        return
    properties = members(said.get("properties"), "properties")
    actor = text(said.get("distinct_id") or properties.get("distinct_id"), "distinct_id", IDENTIFIER)
    if name in _SAME:
        yield Identity(text(properties.get("alias"), "properties.alias", IDENTIFIER), same_as=actor)
        return
    if name in ("$identify", "$set"):
        told = members(said.get("$set") or properties.get("$set"), "$set")
        email = first_text([("$set.email", told.get("email"))], IDENTIFIER)
        # The Python client has no other word for it than $set, and most of these say nothing about who it is.
        if email or name == "$identify":
            yield Identity(actor, email)
        before = first_text([("properties.$anon_distinct_id", properties.get("$anon_distinct_id"))], IDENTIFIER)
        if before and name == "$identify":
            yield Identity(before, same_as=actor)
        return
    occurred_ms = instant([("timestamp", said.get("timestamp"))])
    yield Use(
        identifier(said.get("uuid") or properties.get("$insert_id"), event),
        first_text([("properties.app", properties.get("app"))]) or app,
        name,
        actor,
        _made_ms(said.get("uuid")) if occurred_ms is None else occurred_ms,
        kind="passive" if name.startswith("$") else "use",
    )


def _sent() -> object:
    """The body, out of the form in which old browsers' clients wrap it. Raises Problem 400."""
    raw = read_body(request)
    if raw.startswith(b"data="):
        raw = unquote_to_bytes(raw[5:].partition(b"&")[0].replace(b"+", b" "))
        if not raw.lstrip().startswith((b"{", b"[")):
            try:
                raw = b64decode(raw.replace(b" ", b"+"), validate=True)
            except BadBase64:
                raise Problem(400, "bad_json", "The form's data is neither JSON nor JSON in base64.") from None
    return json_in(raw)


def _key_in(sent: object) -> str | None:
    """The key, which stands in the batch, or in an event or its properties; all events of a batch share one."""
    batch = sent.get("batch") if isinstance(sent, dict) else sent
    for one in (sent, *(batch if isinstance(batch, list) else ())):
        if isinstance(one, dict):
            properties = one.get("properties")
            for place in (one, properties if isinstance(properties, dict) else {}):
                for name in _KEYS:
                    if isinstance(key := place.get(name), str):
                        return key
    return None


def _items(sent: object) -> list[object]:
    """The events of a body. Raises Problem 400."""
    batch = sent
    if isinstance(sent, dict):
        batch = [sent] if "event" in sent else sent.get("batch")
    if not isinstance(batch, list):
        raise Problem(400, "invalid_batch", "The body must be an event, a list of events, or an object with a batch.")
    return [
        {name: value for name, value in one.items() if name not in _OF_THE_SENDING} if isinstance(one, dict) else one
        for one in batch
    ]


def _collected(items: list[object], app: str) -> Batch:
    return collect(items, app, read, takehold().settings.usage_retention_days)


def _uuid(item: object) -> str | None:
    uuid = item.get("uuid") if isinstance(item, dict) else None
    return uuid if isinstance(uuid, str) else None


def _made_ms(uuid: object) -> int | None:
    """When an event was made, by its UUIDv7 (RFC 9562): the browser's client takes the timestamp off what it queues,
    and writes how long ago that was instead, counted from a sending that it does not tell."""
    try:
        made = UUID(uuid) if isinstance(uuid, str) else None
    except ValueError:
        return None
    return made.int >> 80 if made is not None and made.version == 7 else None
