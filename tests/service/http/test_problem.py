"""Every error answers one envelope, `application/problem+json`:

"type", "title", "status", "detail", "code", "message" and, when fields are at fault,
"errors": [{"field", "message"}].
"""

import json
import logging

import flask_smorest
import pytest
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from service.http.blueprint import Api
from service.http.problem import MAX_ERRORS, install
from tests.service.http.app import SECRET, create_app

MEMBERS = {"type", "title", "status", "detail", "code", "message"}


def envelope(answer: TestResponse) -> dict[str, object]:
    assert answer.content_type == "application/problem+json"
    body: dict[str, object] = answer.get_json()
    assert set(body) - {"errors"} == MEMBERS
    assert body["status"] == answer.status_code
    assert body["detail"] == body["message"]
    assert body.get("errors") != []
    return body


ERRORS = [
    ("GET", "/nowhere", 404, "not_found", "about:blank"),
    ("GET", "/assessments", 405, "method_not_allowed", "about:blank"),
    ("GET", "/error/busy", 503, "service_unavailable", "about:blank"),
    ("GET", "/error/limited", 429, "too_many_requests", "about:blank"),
    ("GET", "/error/large", 413, "too_large", "about:blank"),
    ("GET", "/error/ours", 409, "already_closed", "/docs/problems#already_closed"),
    ("GET", "/error/field", 422, "invalid", "/docs/problems#invalid"),
    ("GET", "/adoption", 422, "invalid", "/docs/problems#invalid"),
    ("POST", "/assessments", 415, "unsupported_media_type", "/docs/problems#unsupported_media_type"),
    ("GET", "/error/unexpected", 500, "internal", "about:blank"),
    ("GET", "/fails-late", 500, "internal", "about:blank"),
]


@pytest.mark.parametrize("api_first", [True, False])
@pytest.mark.parametrize(("method", "path", "status", "code", "kind"), ERRORS, ids=str)
def test_every_error_answers_the_envelope_in_whichever_order_the_api_was_attached(
    api_first: bool, method: str, path: str, status: int, code: str, kind: str
) -> None:
    body = envelope(create_app(api_first=api_first).test_client().open(path, method=method))
    assert (body["status"], body["code"], body["type"]) == (status, code, kind)


@pytest.mark.parametrize("installed", [True, False])
def test_either_our_api_alone_or_our_handlers_alone_are_enough(installed: bool) -> None:
    app = Flask(__name__)
    described = {"title": "Test", "version": "1", "openapi_version": "3.1.0"}
    if installed:
        install(app)
        flask_smorest.Api(app, spec_kwargs=described)
    else:
        Api(app, spec_kwargs=described)
    assert envelope(app.test_client().get("/nowhere"))["code"] == "not_found"


def test_a_refused_method_keeps_the_header_that_lists_the_right_ones(client: FlaskClient) -> None:
    answer = client.put("/assessments")
    assert envelope(answer)["code"] == "method_not_allowed"
    assert answer.allow.as_set() == {"post", "options"}


@pytest.mark.parametrize(("kind", "seconds"), [("busy", "7"), ("limited", "3")])
def test_an_answer_that_says_later_keeps_its_header_that_says_when(
    client: FlaskClient, kind: str, seconds: str
) -> None:
    answer = client.get(f"/error/{kind}")
    envelope(answer)
    assert answer.headers["Retry-After"] == seconds


def test_what_has_not_changed_is_no_problem(client: FlaskClient) -> None:
    answer = client.get("/error/unchanged")
    assert (answer.status_code, answer.data, answer.content_type) == (304, b"", None)


def test_our_own_problem_brings_its_headers_and_words(client: FlaskClient) -> None:
    answer = client.get("/error/ours")
    body = envelope(answer)
    assert answer.headers["ETag"] == '"4"'
    assert (body["title"], body["message"]) == ("Already closed", "The change is closed.")


def test_a_fault_found_after_the_schema_names_its_field_or_the_whole(client: FlaskClient) -> None:
    assert envelope(client.get("/error/field"))["errors"] == [{"field": "person", "message": "is nobody we know"}]
    body = envelope(client.get("/error/schema"))
    assert body["errors"] == [{"field": "", "message": "until lies before from"}]
    assert body["message"] == "until lies before from"


def test_the_message_leads_with_the_first_fault_and_counts_the_rest(client: FlaskClient) -> None:
    body = envelope(client.post("/assessments", json={"person": 7, "scores": {"awareness": 9, "desire": 1}}))
    assert body["errors"] == [
        {"field": "person", "message": "Not a valid string."},
        {"field": "scores.awareness", "message": "must be from 1 to 5"},
    ]
    assert body["message"] == "person: Not a valid string. (2 faults in all)"


def test_a_flood_of_faults_is_answered_with_the_first_of_them(client: FlaskClient) -> None:
    flood = {"x" * 5000 + str(n): n for n in range(100)}
    answer = client.post("/assessments", json=flood)
    assert len(envelope(answer)["errors"]) == MAX_ERRORS  # type: ignore[arg-type]
    assert len(answer.data) < 20_000


@pytest.mark.parametrize("path", ["/error/unexpected", "/fails-late"])
def test_an_unexpected_error_tells_nobody_what_it_held(
    app: Flask,
    path: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs:
        answer = app.test_client().get(path, data=json.dumps({"note": SECRET}))
    assert envelope(answer)["message"] == "Something went wrong here. The error was recorded."
    assert {entry["event"] for entry in logs} == {"unexpected_error"}
    assert logs[0]["type"] == "builtins.RuntimeError"
    assert "tests/service/http/app.py" in logs[0]["traceback"][-1]
    output = capfd.readouterr()
    for said in (answer.text, str(logs), caplog.text, output.out, output.err):
        assert SECRET not in said


def test_what_cleans_up_after_a_request_learns_that_it_failed(app: Flask) -> None:
    seen: list[BaseException | None] = []
    app.teardown_request(seen.append)
    app.test_client().get("/error/unexpected")
    assert [type(error) for error in seen] == [RuntimeError]
