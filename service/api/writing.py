"""What every route that writes has in common: one transaction, its position, and an answer that may be repeated."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial, wraps
from typing import Any, Protocol

from flask import Response, request
from marshmallow import Schema, fields
from sqlalchemy import Connection

from service.api.context import principal, takehold, unit
from service.http import blueprint
from service.http.body import read_body
from service.http.problem import Problem
from service.idempotency import Answer, Asked, Expired, Reused, recall, remember

POSITION = "Takehold-Position"
KEY = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_POSITIONED = {
    POSITION: {
        "description": "Position of the event log after this; pass it as min_position to read what was written.",
        "schema": {"type": "integer"},
    }
}
KEY_PARAMETER = {
    "in": "header",
    "name": KEY,
    "description": "A name for this request, given by the client: sent again under it, the request is carried out once "
    "and answered alike, with the header Idempotency-Replayed. Other requests need other keys.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
"""How OpenAPI describes the header that every POST takes."""

Written = Mapping[str, Any] | tuple[Mapping[str, Any], Mapping[str, str]] | None
"""What a view that writes answers: a body to dump, maybe with headers, or nothing."""


class Work(Protocol):
    """A transaction in which a view writes. position: of the event log after it, None where it records no event."""

    @property
    def connection(self) -> Connection: ...

    @property
    def position(self) -> int | None: ...


class PositionSchema(Schema):
    """What was recorded, and where."""

    position = fields.Integer(
        required=True, metadata={"description": "Of the event log after this; pass it as min_position to read it."}
    )


class Blueprint(blueprint.Blueprint):
    """A blueprint whose writes are commands."""

    def command(
        self,
        status: int,
        schema: type[Schema] | None = None,
        opened: Callable[[], AbstractContextManager[Work]] = unit,
        headers: Mapping[str, Any] | None = None,
    ) -> Callable[[Callable[..., Written]], Callable[..., Response]]:
        """Carries a view out in a transaction that `opened` opens, and that the view gets before its arguments.

        The answer is dumped, and kept if the request names a key, before the commit: it is durable together with what
        it tells of. What raises stores nothing, so a mended request may reuse the key. To stand below `arguments`, so
        that nobody holds a lock while a body is read. Raises Problem.
        """

        def decorate(view: Callable[..., Written]) -> Callable[..., Response]:
            answering: Any = self.response(status, schema, headers={**_POSITIONED, **(headers or {})})(_placed(view))

            @wraps(answering)
            def commanded(*args: Any, **kwargs: Any) -> Response:
                asked = _asked()
                with opened() as work:
                    answer = partial(answering, work, *args, **kwargs)
                    return _once(work, asked, answer) if asked else answer()

            return commanded

        return decorate


def _placed(view: Callable[..., Written]) -> Callable[..., Any]:
    """The view, with the position in header and body."""

    @wraps(view)
    def placed(work: Work, *args: Any, **kwargs: Any) -> Any:
        written = view(work, *args, **kwargs)
        body, headers = written if isinstance(written, tuple) else (written, {})
        at = work.position
        if at is None:
            return body, headers
        return (None if body is None else {**body, "position": at}), {**headers, POSITION: str(at)}

    return placed


def _asked() -> Asked | None:
    """The request, if it names a key. PUT and PATCH set what they name and need none."""
    key = request.headers.get(KEY)
    if key is None or request.method != "POST":
        return None
    if not _KEY.fullmatch(key):
        raise Problem(400, "bad_idempotency_key", f"{KEY} must be 1 to 255 visible ASCII characters.")
    route = f"{request.method} {request.path}"
    digest = hashlib.sha256(f"{route}\n".encode() + read_body(request)).hexdigest()
    return Asked(principal().workspace_id, principal().name, route, key, digest)


def _once(work: Work, asked: Asked, make: Callable[[], Response]) -> Response:
    try:
        known = recall(work.connection, takehold().vault, asked)
    except Reused:
        message = f"This {KEY} came before with another request; use a new one for each."
        raise Problem(422, "idempotency_key_reused", message) from None
    except Expired as expired:
        message = "This request was carried out before; its answer is no longer kept. Read what it wrote instead."
        headers = {} if expired.position is None else {POSITION: str(expired.position)}
        raise Problem(409, "answer_expired", message, headers=headers) from None
    if known:
        return _replayed(known)
    response = make()
    remember(work.connection, takehold().vault, asked, _answer(work, response))
    return response


def _answer(work: Work, response: Response) -> Answer:
    body = None if response.status_code == 204 else response.get_data(as_text=True)
    return Answer(response.status_code, body, response.headers.get("ETag"), work.position)


def _replayed(answer: Answer) -> Response:
    response = Response(answer.body, answer.status, {REPLAYED: "true"}, content_type="application/json")
    if answer.position is not None:
        response.headers[POSITION] = str(answer.position)
    if answer.etag:
        response.headers["ETag"] = answer.etag
    return response
