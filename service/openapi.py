"""openapi.yaml, told by the application itself: `python -m service.openapi` prints it."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import yaml
from flask import Flask

from service.access import ACCESS, ROLES
from service.api.writing import KEY_PARAMETER
from service.app import create_app
from service.settings import Settings
from service.takehold import Takehold

VARIABLE = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


@contextmanager
def specimen() -> Iterator[Flask]:
    """The application on stores of its own, which go when it goes, so that no store of this machine is touched."""
    with tempfile.TemporaryDirectory(prefix="takehold-") as folder:
        stores = Settings(database_url=f"sqlite:///{folder}/takehold.db", keys_url=f"sqlite:///{folder}/keys.db")
        takehold = Takehold(stores)
        try:
            yield create_app(takehold)
        finally:
            takehold.close()


def document(app: Flask) -> dict[str, Any]:
    """The OpenAPI 3.1 description of an application; every operation says which action it needs, and who has it."""
    # By way of JSON: what several responses share would come out of YAML as anchors and references.
    told: dict[str, Any] = json.loads(json.dumps(app.extensions["api"].spec.to_dict()))
    for path, method, action in actions(app):
        operation = told["paths"][path][method]
        if method == "post":
            operation.setdefault("parameters", []).append(deepcopy(KEY_PARAMETER))
        told["paths"][path][method] = {
            "summary": operation.pop("summary"),
            "description": f"Needs the action `{action}`: {', '.join(roles_of(action))}.",
            "x-action": action,
            **operation,
            "responses": dict(sorted(operation["responses"].items())),
        }
    # flask-smorest declares it whether or not a route answers in pages.
    del told["components"]["schemas"]["PaginationMetadata"]
    return {"openapi": told.pop("openapi"), "info": told.pop("info"), **told}


def actions(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Path as OpenAPI writes it, method in lower case, and action of every route that `allow` guards."""
    for rule in app.url_map.iter_rules():
        action = getattr(app.view_functions[rule.endpoint], "action", None)
        # What other systems' clients speak is described where they are.
        if action and rule.rule.startswith("/api/"):
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield VARIABLE.sub(r"{\1}", rule.rule), method.lower(), action


def roles_of(action: str) -> list[str]:
    """The roles that may do an action, in the order of the access table's columns."""
    return [role for role in ROLES if role in ACCESS[action]]


def text(told: dict[str, Any]) -> str:
    """The description as YAML, the same for the same description."""
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=120)


if __name__ == "__main__":
    with specimen() as app:
        sys.stdout.write(text(document(app)))
