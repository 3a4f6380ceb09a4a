"""openapi.yaml is what the application says of itself, and says enough to write a client from."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from flask import Flask

from service.access import ACCESS
from service.app import create_app
from service.intake.native import Item
from service.openapi import actions, document, roles_of, specimen, text
from service.takehold import Takehold

ROOT = Path(__file__).parents[2]
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def app() -> Iterator[Flask]:
    with specimen() as made:
        yield made


@pytest.fixture(scope="module")
def told(app: Flask) -> dict[str, Any]:
    return document(app)


@pytest.fixture(scope="module")
def operations(told: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(m, path): item[m] for path, item in told["paths"].items() for m in METHODS & item.keys()}


def resolve(told: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """What a reference, if it is one, refers to."""
    while "$ref" in found:
        target: Any = told
        for step in found["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        found = target
    return found


def everything_in(value: Any) -> Iterator[Any]:
    """A JSON value and all values in it."""
    yield value
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in inside:
        yield from everything_in(part)


def test_the_file_is_what_the_application_says(told):
    assert (ROOT / "openapi.yaml").read_text(encoding="utf-8") == text(told), "run: make openapi"


def test_the_command_prints_the_file_and_needs_no_store_of_its_own(tmp_path: Path):
    run = subprocess.run(
        [sys.executable, "-m", "service.openapi"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "TAKEHOLD_DATABASE_URL": "postgresql://nowhere.invalid/none", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert run.stdout == (ROOT / "openapi.yaml").read_text(encoding="utf-8"), "run: make openapi"
    assert list(tmp_path.iterdir()) == []


def test_a_running_service_says_the_same_on_both_engines(takehold: Takehold, told):
    assert document(create_app(takehold)) == told


def test_every_route_of_the_api_is_described(app, operations):
    routes = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routes
    assert operations.keys() == routes


def test_every_operation_says_what_it_does_in_one_line(operations):
    without = [where for where, one in operations.items() if not one.get("summary") or "\n" in one["summary"]]
    assert without == []
    summaries = [one["summary"] for one in operations.values()]
    assert len(set(summaries)) == len(summaries)


def test_every_operation_says_how_it_answers_when_all_went_well(told, operations):
    for where, one in operations.items():
        good = [resolve(told, answer) for status, answer in one["responses"].items() if status.startswith("2")]
        assert len(good) == 1, where
        assert good[0]["description"], where
        silent = "204" in one["responses"]
        assert silent or good[0]["content"]["application/json"]["schema"], where


def test_every_error_is_a_problem_document(told, operations):
    for where, one in operations.items():
        assert "default" in one["responses"], where
        for status, answer in one["responses"].items():
            if not status.startswith("2"):
                content = resolve(told, answer)["content"]
                assert content.keys() == {"application/problem+json"}, (where, status)
                schema = resolve(told, content["application/problem+json"]["schema"])
                assert {"type", "title", "status", "detail", "code", "message"} <= set(schema["required"])


def test_every_operation_wants_the_bearer_key(told, operations):
    assert told["components"]["securitySchemes"]["key"] == {"type": "http", "scheme": "bearer"}
    assert told["security"] == [{"key": []}]
    # An operation's own list would take the place of the one for all.
    assert [where for where, one in operations.items() if "security" in one] == []


def test_every_operation_names_an_action_of_the_access_table_and_who_may_do_it(app, operations):
    guarded = {(method, path): action for path, method, action in actions(app)}
    assert {where: one["x-action"] for where, one in operations.items()} == guarded
    for one in operations.values():
        assert one["x-action"] in ACCESS
        assert roles_of(one["x-action"])
        assert all(role in one["description"] for role in [one["x-action"], *roles_of(one["x-action"])])


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("/people", {"external_id"}),
        ("/trainings", {"id", "person", "course", "status", "occurred_at"}),
        ("/usage", {"id", "app", "feature", "actor", "occurred_at"}),
    ],
)
def test_the_bodies_that_are_judged_item_by_item_are_described(told, operations, path, needed):
    body = operations["post", f"/api/v1{path}"]["requestBody"]
    assert body["required"]
    schema = resolve(told, body["content"]["application/json"]["schema"])
    items = schema if schema["type"] == "array" else resolve(told, schema["properties"]["events"])
    item = resolve(told, items["items"])
    assert set(item["required"]) == needed
    assert needed <= item["properties"].keys()


def test_usage_is_described_as_it_is_decoded(told):
    described, decoded = told["components"]["schemas"]["Use"], msgspec.json.schema(Item)["$defs"]["Item"]
    assert described["properties"].keys() == decoded["properties"].keys()
    assert set(described["required"]) == set(decoded["required"])
    for name, field in described["properties"].items():
        for limit in ("minLength", "maxLength", "minimum", "maximum"):
            ways = decoded["properties"][name].get("anyOf", [decoded["properties"][name]])
            assert field.get(limit) == next((way[limit] for way in ways if limit in way), None), (name, limit)


def test_every_operation_that_takes_a_body_describes_it(told, operations):
    for (method, path), one in operations.items():
        assert ("requestBody" in one) == (method in {"post", "put", "patch"}), (method, path)
        if "requestBody" in one:
            assert one["requestBody"]["content"].keys() == {"application/json"}


def test_every_reference_leads_somewhere_and_no_schema_is_left_over(told):
    references = {part["$ref"] for part in everything_in(told) if isinstance(part, dict) and "$ref" in part}
    for reference in references:
        assert resolve(told, {"$ref": reference})
    kinds = ("schemas", "responses")
    offered = {f"#/components/{kind}/{name}" for kind in kinds for name in told["components"][kind]}
    assert offered - references == set()


def test_the_variables_of_a_path_are_its_path_parameters(told):
    for path, item in told["paths"].items():
        shared = item.get("parameters", [])
        for method in METHODS & item.keys():
            given = [one for one in [*shared, *item[method].get("parameters", [])] if one["in"] == "path"]
            assert {one["name"] for one in given} == set(re.findall(r"{(\w+)}", path)), (method, path)
            assert all(one["required"] for one in given)
            names = [(one["in"], one["name"]) for one in [*shared, *item[method].get("parameters", [])]]
            assert len(set(names)) == len(names)


def test_the_document_speaks_openapi_3_1(told):
    assert told["openapi"] == "3.1.0"
    assert told["info"].keys() >= {"title", "version", "description"}
    known = {"string", "integer", "number", "boolean", "array", "object", "null"}
    for part in everything_in(told["components"]["schemas"]):
        if isinstance(part, dict) and isinstance(part.get("type"), str | list):
            types = part["type"] if isinstance(part["type"], list) else [part["type"]]
            assert set(types) <= known
            # 3.0's word for it, which 3.1 ignores.
            assert "nullable" not in part


def test_yaml_reads_back_as_the_same_document(told):
    assert yaml.safe_load(text(told)) == told
    assert "&id" not in text(told)
