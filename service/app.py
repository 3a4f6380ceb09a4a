"""The application factory: nothing happens at import."""

from __future__ import annotations

import sqlite3

import psycopg
from flask import Flask, Response, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import NotFound

from adkar.refusal import Refused
from events.appending import Conflict
from events.database import Busy
from service import health
from service.api import (
    adkar,
    adoption,
    changes,
    channels,
    feed,
    funnel,
    lifecycle,
    people,
    quality,
    records,
    reminders,
    retention,
    retractions,
    segments,
    speed,
    training,
    usage,
    withdrawals,
)
from service.http.answer import Answers
from service.http.blueprint import Api
from service.http.problem import FieldError, Problem
from service.http.store_fault import problem_of
from service.intake.dialects.registry import DIALECTS, RECORDERS
from service.metrics import REQUESTS
from service.probing import suspect
from service.takehold import NoWorkspace, Takehold
from service.web.registry import add_pages

RESOURCES = (
    people,
    changes,
    records,
    usage,
    adoption,
    lifecycle,
    retention,
    funnel,
    segments,
    speed,
    training,
    adkar,
    reminders,
    channels,
    feed,
    withdrawals,
    quality,
    retractions,
)
"""Every resource of the API; a new one is one module and one line here."""

_BUSY_SECONDS = 1


def create_app(takehold: Takehold) -> Flask:
    """The web application of a running service."""
    app = Flask("service", static_folder="web/static", template_folder="web/templates")
    app.json = Answers(app)
    app.extensions["takehold"] = takehold
    app.config.update(
        API_TITLE="Takehold",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={
            "info": {"description": "Tells an organisation whether a change has taken hold."},
            "security": [{"key": []}],
        },
    )
    api = Api(app)
    api.spec.components.security_scheme("key", {"type": "http", "scheme": "bearer"})
    for resource in RESOURCES:
        api.register_blueprint(resource.blp, url_prefix="/api/v1")
    app.register_blueprint(health.blp)
    for dialect in (*DIALECTS, *RECORDERS):
        app.register_blueprint(dialect.blp)
    add_pages(app, takehold)
    _translate_errors(app)
    app.after_request(_count)
    app.extensions["api"] = api
    return app


def _translate_errors(app: Flask) -> None:
    """What commands and stores raise, as problems; `service.http` turns problems into answers."""

    def refused(error: Refused) -> Response:
        status = 409 if error.code == "key_taken" else 422
        fault = FieldError(field=error.field, message=error.message)
        return _answer(app, Problem(status, error.code, f"{error.field}: {error.message}", [fault]))

    def busy(_: Busy) -> Response:
        message = "The store is busy; nothing was stored. Try again."
        return _answer(app, Problem(503, "busy", message, headers={"Retry-After": str(_BUSY_SECONDS)}))

    def conflict(_: Conflict) -> Response:
        return _answer(app, Problem(409, "conflict", "Somebody else changed this at the same time. Try again."))

    def no_workspace(_: NoWorkspace) -> Response:
        return _answer(app, Problem(404, "unknown_workspace", "There is no such workspace."))

    def store_failed(error: Exception) -> Response:
        problem = problem_of(error)
        if problem is None:
            raise error
        suspect(app)
        return _answer(app, problem)

    # The driver's own errors too: usage is copied in, and checkpoints are made, past SQLAlchemy.
    for kind in (DBAPIError, sqlite3.Error, psycopg.Error, OSError):
        app.register_error_handler(kind, store_failed)
    app.register_error_handler(Refused, refused)
    app.register_error_handler(Busy, busy)
    app.register_error_handler(Conflict, conflict)
    app.register_error_handler(NoWorkspace, no_workspace)


def _answer(app: Flask, problem: Problem) -> Response:
    return app.make_response(app.handle_user_exception(problem))


def _count(response: Response) -> Response:
    # The rule, not the path: a path may name a person.
    route = request.url_rule.rule if request.url_rule else NotFound.__name__
    REQUESTS.labels(route=route, status=f"{response.status_code // 100}xx").inc()
    return response
