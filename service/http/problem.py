"""One envelope for every error: RFC 9457 problem details, with `code` and `message` beside for client SDKs.

Exception
└── Problem                  raised by our code: status, code, message, fields at fault
    (werkzeug) HTTPException raised by routing and libraries: answered with its own headers kept
    (marshmallow) ValidationError   raised by schemas: 422 `invalid` with the path of each field
    anything else            500 `internal`, which tells the client nothing
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import islice
from logging import LogRecord
from traceback import StackSummary, walk_tb
from typing import Any, NotRequired, TypedDict

import structlog
from flask import Flask
from marshmallow import Schema, ValidationError, fields
from werkzeug import Response
from werkzeug.exceptions import HTTPException, default_exceptions

MEDIA_TYPE = "application/problem+json"
# An answer must not outgrow the body that caused it: a megabyte of unknown fields would come back tenfold.
MAX_ERRORS = 50
MAX_PATH = 200

log = structlog.get_logger(__name__)


class FieldError(TypedDict):
    """`field` is a dotted path such as `features.0.app`, empty when the body as a whole is at fault."""

    field: str
    message: str


class Envelope(TypedDict):
    """The JSON object of every error answer; `errors` is there only when fields are at fault."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    message: str
    errors: NotRequired[list[FieldError]]


class Problem(Exception):
    """An error answer. `code` is stable for programs, `message` is for people and is sent as it stands."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = list(errors)
        self.headers = dict(headers or {})


class FieldErrorSchema(Schema):
    """One field at fault."""

    field = fields.String(
        required=True,
        metadata={"description": "Dotted path, such as `scores.desire`; empty for the body as a whole."},
    )
    message = fields.String(required=True, metadata={"description": "What is wrong with it."})


class ProblemSchema(Schema):
    """Problem details (RFC 9457)."""

    type = fields.String(
        required=True,
        metadata={"description": "Where the code is explained, or `about:blank`.", "format": "uri-reference"},
    )
    title = fields.String(required=True, metadata={"description": "The kind of problem, in words."})
    status = fields.Integer(required=True, metadata={"description": "The HTTP status."})
    detail = fields.String(required=True, metadata={"description": "What went wrong this time."})
    code = fields.String(required=True, metadata={"description": "The kind of problem, for programs."})
    message = fields.String(required=True, metadata={"description": "The same as `detail`."})
    errors = fields.List(
        fields.Nested(FieldErrorSchema), metadata={"description": "The fields at fault, if fields are."}
    )


def install(app: Flask) -> None:
    """Answer every error of `app` with the envelope, whether an Api is attached to it before or after."""
    app.register_error_handler(Problem, _answer)
    app.register_error_handler(ValidationError, _invalid)
    # flask-smorest registers a handler for the class HTTPException; Flask looks for one of the status first,
    # so ours win in either order. The class covers a library's own status, such as 304.
    app.register_error_handler(HTTPException, _http_error)
    for status in default_exceptions:
        app.register_error_handler(status, _http_error)
    # Flask logs an exception with its own text, which may quote a body, here and where an after_request fails.
    app.logger.addFilter(_log_without_text)
    # Else a test would meet the exception itself and never see what a client is answered.
    app.config["PROPAGATE_EXCEPTIONS"] = False


def invalid_fields(messages: Mapping[Any, Any] | Sequence[Any]) -> Problem:
    """The 422 for marshmallow's nested messages, with one path for each field at fault."""
    errors = list(islice(_flatten(messages, ""), MAX_ERRORS + 1))
    first = errors[0]
    message = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    if len(errors) > MAX_ERRORS:
        message += f" (More than {MAX_ERRORS} fields are at fault; the first {MAX_ERRORS} are listed)"
    elif len(errors) > 1:
        message += f" ({len(errors)} faults in all)"
    return Problem(422, "invalid", message, errors[:MAX_ERRORS])


def _flatten(messages: object, path: str) -> Iterator[FieldError]:
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            step = "" if key == "_schema" else str(key)[:MAX_PATH]
            yield from _flatten(value, ".".join(filter(None, (path, step))))
    elif isinstance(messages, list):
        for message in messages:
            yield from _flatten(message, path)
    else:
        yield {"field": path, "message": str(messages)}


def _invalid(error: ValidationError) -> Response:
    return _answer(invalid_fields(error.normalized_messages()))  # type: ignore[no-untyped-call]


def _http_error(error: HTTPException) -> Response:
    # webargs hands a schema's messages over in `data`, under the location they came from.
    data = getattr(error, "data", None) or {}
    if "messages" in data:
        return _answer(invalid_fields(list(data["messages"].values())))
    # Its own answer carries Allow, Retry-After or WWW-Authenticate; only the body is replaced.
    response = error.get_response()
    status = response.status_code
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _fill(response, "internal", "Something went wrong here. The error was recorded.", "about:blank")
    # The name is the one our own Problem has, so that a client meets one code for one status.
    code = "too_large" if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else _slug(error.name)
    return _fill(response, code, error.description or error.name, "about:blank")


def _answer(problem: Problem) -> Response:
    response = Response(status=problem.status, headers=problem.headers)
    return _fill(response, problem.code, problem.message, f"/docs/problems#{problem.code}", problem.errors)


def _fill(response: Response, code: str, message: str, kind: str, errors: Sequence[FieldError] = ()) -> Response:
    status = response.status_code
    # RFC 9457, 4.2.1: the title of about:blank is the phrase of the HTTP status.
    title = HTTPStatus(status).phrase if kind == "about:blank" else code.replace("_", " ").capitalize()
    body: Envelope = {
        "type": kind,
        "title": title,
        "status": status,
        "detail": message,
        "code": code,
        "message": message,
    }
    if errors:
        body["errors"] = list(errors)
    response.data = json.dumps(body)
    response.content_type = MEDIA_TYPE
    return response


def _slug(name: str) -> str:
    return "_".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def _log_without_text(record: LogRecord) -> bool:
    if not record.exc_info or record.exc_info[0] is None:
        return True
    kind, _, trace = record.exc_info
    # Neither the exception's text nor the lines of source around it: both can quote what a client sent.
    frames = StackSummary.extract(walk_tb(trace), lookup_lines=False)
    log.error(
        "unexpected_error",
        type=f"{kind.__module__}.{kind.__qualname__}",
        traceback=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )
    return False
