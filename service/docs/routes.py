"""Every route, from the application and the access table."""

from __future__ import annotations

from flask import Flask

from service.docs.markdown import table
from service.openapi import VARIABLE, actions, document, roles_of


def routes(app: Flask) -> str:
    """A row for each route of the API."""
    paths = document(app)["paths"]
    rows = [
        (method.upper(), f"`{path}`", paths[path][method]["summary"], f"`{action}`", ", ".join(roles_of(action)))
        for path, method, action in actions(app)
    ]
    return table(("method", "path", "what it does", "action", "roles that may"), rows)


def pages(app: Flask) -> str:
    """A row for each route outside the API, told by its docstring."""
    rows = []
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/"):
            what = (app.view_functions[rule.endpoint].__doc__ or "").partition("\n")[0]
            path = VARIABLE.sub(r"{\1}", rule.rule)
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                rows.append((method, f"`{path}`", what or "Style sheet and scripts of the pages"))
    return table(("method", "path", "what it does"), rows)
