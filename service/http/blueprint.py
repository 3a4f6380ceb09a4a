"""flask-smorest with our body reader, our JSON and our error envelope, and with types for its decorators."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import flask_smorest  # type: ignore[import-untyped]
from flask import Request, request
from marshmallow import RAISE, Schema
from webargs.core import is_json
from webargs.flaskparser import FlaskParser

from service.http import strict_json
from service.http.body import read_body
from service.http.problem import MEDIA_TYPE, FieldError, Problem, ProblemSchema, install

View = TypeVar("View", bound=Callable[..., Any])
Answer = TypeVar("Answer")


class JsonParser(FlaskParser):
    """webargs whose JSON is a strict, bounded object (or array, for a schema with many=True)."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012  as webargs declares it
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "json": RAISE,
        # A misspelt filter would be answered with figures of everybody.
        "query": RAISE,
    }

    def load_json(self, req: Request, schema: Schema) -> object:
        """The parsed body. Problem: 415 unless it is called JSON, 400 for bad JSON, 422 for another shape."""
        if not is_json(req.mimetype):
            raise Problem(415, "unsupported_media_type", "Send the body as Content-Type: application/json.")
        try:
            value = strict_json.loads(read_body(req))
        except strict_json.BadJson as bad:
            errors = [] if bad.field is None else [FieldError(field=bad.field, message=bad.message)]
            raise Problem(400, bad.code, bad.message, errors) from None
        wanted, name = (list, "array") if schema.many else (dict, "object")
        if not isinstance(value, wanted):
            raise Problem(422, "invalid", f"The body must be a JSON {name}.")
        return value


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A flask-smorest Blueprint for resources of the API."""

    ARGUMENTS_PARSER = JsonParser()
    PAGINATION_ARGUMENTS_PARSER = ARGUMENTS_PARSER

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before_request(_refuse_nul)

    if TYPE_CHECKING:
        # flask-smorest has no types; without these every decorated route would be untyped.
        def route(self, rule: str, **options: Any) -> Callable[[View], View]: ...
        def doc(self, **kwargs: Any) -> Callable[[View], View]: ...
        def alt_response(self, status_code: int, **kwargs: Any) -> Callable[[View], View]: ...
        def response(
            self, status_code: int, schema: type[Schema] | Schema | None = None, **kwargs: Any
        ) -> Callable[[View], View]: ...
        def arguments(
            self, schema: type[Schema] | Schema, **kwargs: Any
        ) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]: ...


class Api(flask_smorest.Api):  # type: ignore[misc]
    """A flask-smorest Api that answers and documents errors as problem details."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        install(self._app)

    def _register_responses(self) -> None:
        content = {MEDIA_TYPE: {"schema": self.ERROR_SCHEMA}}
        for status in HTTPStatus:
            response: dict[str, Any] = {"description": status.phrase}
            if status >= HTTPStatus.BAD_REQUEST:
                response["content"] = content
            self.spec.components.response(status.name, response, lazy=True)
        default = {"description": "Any error", "content": content}
        self.spec.components.response(self.DEFAULT_ERROR_RESPONSE_NAME, default, lazy=True)


def _refuse_nul() -> None:
    # Bodies are covered by strict_json. PostgreSQL fails on NUL where SQLite finds nothing: one verdict for both.
    if "\0" in request.path or b"%00" in request.query_string:
        raise Problem(400, "nul_character", "The address holds a NUL character.")
