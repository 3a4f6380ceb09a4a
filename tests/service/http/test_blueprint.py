import gzip

import pytest
from flask import Flask
from flask.testing import FlaskClient

GOOD = b'{"person": "alice", "scores": {"awareness": 1, "desire": 5}}'


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "application/vnd.takehold+json"]
)
def test_a_body_that_is_called_json_is_read(client: FlaskClient, content_type: str) -> None:
    assert client.post("/assessments", data=GOOD, content_type=content_type).status_code == 201


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "text/json+x"])
def test_a_body_that_is_not_called_json_is_refused(client: FlaskClient, content_type: str | None) -> None:
    answer = client.post("/assessments", data=GOOD, content_type=content_type)
    assert (answer.status_code, answer.get_json()["code"]) == (415, "unsupported_media_type")


def test_a_gzipped_body_is_read(client: FlaskClient) -> None:
    answer = client.post(
        "/assessments",
        data=gzip.compress(GOOD),
        content_type="application/json",
        headers={"Content-Encoding": "gzip"},
    )
    assert answer.get_json()["person"] == "alice"


def test_a_list_is_read_where_a_list_is_wanted_and_only_there(client: FlaskClient) -> None:
    body = b'[{"app": "a"}, {"app": "b"}]'
    answer = client.post("/people", data=body, content_type="application/json")
    assert answer.get_json() == {"items": 2, "bytes": len(body)}
    refused = client.post("/people", json={"app": "a"})
    assert refused.get_json()["message"] == "The body must be a JSON array."
    refused = client.post("/assessments", json=[])
    assert refused.get_json()["message"] == "The body must be a JSON object."


def test_the_description_shows_problem_details_for_every_error(app: Flask) -> None:
    spec = app.extensions["api"].spec.to_dict()
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    operation = spec["paths"]["/assessments"]["post"]["responses"]
    for status in ("default", "422"):
        name = operation[status]["$ref"].removeprefix("#/components/responses/")
        assert spec["components"]["responses"][name]["content"] == problem
    assert set(spec["components"]["schemas"]["Problem"]["properties"]) == {
        "type", "title", "status", "detail", "code", "message", "errors",
    }  # fmt: skip


def test_the_description_shows_what_the_fields_demand(app: Flask) -> None:
    schemas = app.extensions["api"].spec.to_dict()["components"]["schemas"]
    assert schemas["Scores"]["properties"]["desire"] == {"type": "integer", "minimum": 1, "maximum": 5}
    properties = schemas["Assessment"]["properties"]
    assert properties["note"] == {"type": "string", "minLength": 1, "maxLength": 200}
    assert properties["occurred_at"]["format"] == "date-time"
    assert schemas["Feature"]["properties"]["app"]["pattern"] == "^[a-z0-9][a-z0-9._-]{0,63}$"
