"""A small application with every part of service.http in it; also served by granian in test_body_over_a_server."""

from typing import Any

from flask import Flask, Response, request
from flask_smorest.exceptions import NotModified
from marshmallow import Schema, ValidationError, fields
from werkzeug.exceptions import RequestEntityTooLarge, ServiceUnavailable, TooManyRequests

from service.http.blueprint import Api, Blueprint
from service.http.body import read_body
from service.http.fields import ExternalId, Instant, Key, Text, Whole
from service.http.problem import Problem, install

SECRET = "hunter2-and-the-diagnosis"


ERRORS: dict[str, Exception] = {
    "busy": ServiceUnavailable(retry_after=7),
    "limited": TooManyRequests("Slower, please.", retry_after=3),
    "large": RequestEntityTooLarge(),
    "unchanged": NotModified(),
    "ours": Problem(409, "already_closed", "The change is closed.", headers={"ETag": '"4"'}),
    "field": ValidationError("is nobody we know", "person"),
    "schema": ValidationError("until lies before from"),
    "unexpected": RuntimeError(SECRET),
}


class ScoresSchema(Schema):
    awareness = Whole(1, 5, required=True)
    desire = Whole(1, 5, required=True)


class FeatureSchema(Schema):
    app = Key(required=True)


class AssessmentSchema(Schema):
    person = ExternalId(required=True)
    scores = fields.Nested(ScoresSchema, required=True)
    features = fields.List(fields.Nested(FeatureSchema))
    occurred_at = Instant()
    note = Text(200)
    extra = fields.Dict(keys=fields.String())


class PeriodSchema(Schema):
    days = fields.Integer(required=True)


def _resources() -> Blueprint:
    blp = Blueprint("assessments", __name__)

    @blp.route("/assessments", methods=["POST"])
    @blp.arguments(AssessmentSchema)
    @blp.response(201, AssessmentSchema)
    def assess(assessment: dict[str, Any]) -> dict[str, Any]:
        """Log an assessment"""
        return assessment

    @blp.route("/people", methods=["POST"])
    @blp.arguments(FeatureSchema(many=True))
    @blp.response(200)
    def people(items: list[dict[str, Any]]) -> dict[str, Any]:
        """Add people"""
        # A second reader of the body, as the check of an Idempotency-Key is.
        return {"items": len(items), "bytes": len(read_body(request))}

    @blp.route("/people/<external_id>")
    @blp.response(200)
    def person(external_id: str) -> dict[str, Any]:
        """Read a person"""
        return {"person": external_id}

    @blp.route("/adoption")
    @blp.arguments(PeriodSchema, location="query")
    @blp.response(200)
    def adoption(period: dict[str, Any]) -> dict[str, Any]:
        """Read the adoption"""
        return period

    return blp


def create_app(*, api_first: bool = True) -> Flask:
    app = Flask(__name__)
    app.config.update(API_TITLE="Test", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    if not api_first:
        install(app)
    api = Api(app)
    if api_first:
        install(app)
    api.register_blueprint(_resources())
    app.extensions["api"] = api

    @app.post("/size")
    def size() -> str:
        return str(len(read_body(request, wire_limit=2000, inflated_limit=10_000)))

    @app.get("/error/<kind>")
    def error(kind: str) -> str:
        raise ERRORS[kind]

    @app.after_request
    def fail_late(response: Response) -> Response:
        if request.path == "/fails-late":
            raise RuntimeError(SECRET)
        return response

    return app
