"""Every route, from the application and the access table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from flask import Flask

from service.docs.markdown import table
from service.intake.dialects.registry import DIALECTS
from service.openapi import VARIABLE, actions, document, roles_of

_OF_DIALECTS = {dialect.NAME for dialect in DIALECTS}


def routes(app: Flask) -> str:
    """A row for each route of the API."""
    paths = document(app)["paths"]
    rows = [
        (method.upper(), f"`{path}`", paths[path][method]["summary"], f"`{action}`", ", ".join(roles_of(action)))
        for path, method, action in actions(app)
    ]
    return table(("method", "path", "what it does", "action", "roles that may"), rows)


def dialects(app: Flask) -> str:
    """A row for each thing that clients of other systems ask for, with all the paths they know it by."""
    paths = defaultdict(list)
    for rule in app.url_map.iter_rules():
        if _of_a_dialect(rule.endpoint):
            path = VARIABLE.sub(r"{\1}", rule.rule)
            paths[rule.endpoint].append(f"`{path}`")
    rows = []
    for endpoint, known in paths.items():
        view = app.view_functions[endpoint]
        action = getattr(view, "action", None)
        rows.append((_dialect(endpoint), ", ".join(known), _summary(view), f"`{action}`" if action else "none"))
    return table(("dialect", "paths", "what it does", "action"), rows)


def pages(app: Flask) -> str:
    """A row for each other route outside the API, told by its docstring."""
    rows = []
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/") and not _of_a_dialect(rule.endpoint):
            what = _summary(app.view_functions[rule.endpoint])
            path = VARIABLE.sub(r"{\1}", rule.rule)
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                rows.append((method, f"`{path}`", what or "Style sheet and scripts of the pages"))
    return table(("method", "path", "what it does"), rows)


def _dialect(endpoint: str) -> str:
    return endpoint.partition(".")[0]


def _of_a_dialect(endpoint: str) -> bool:
    return _dialect(endpoint) in _OF_DIALECTS


def _summary(view: Callable[..., Any]) -> str:
    return (view.__doc__ or "").partition("\n")[0]
