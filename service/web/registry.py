"""Every page there is; a new one is a view with its template and one line here."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, render_template, request

from service.http.problem import MEDIA_TYPE
from service.takehold import Takehold
from service.web import first, problem_codes, signing, unsubscribing
from service.web.session import configure

PAGES: tuple[Blueprint, ...] = (first.blp, signing.blp, unsubscribing.blp, problem_codes.blp)


def add_pages(app: Flask, takehold: Takehold) -> None:
    """Adds the pages to the application."""
    configure(app, takehold)
    for page in PAGES:
        app.register_blueprint(page)
    app.after_request(_readable)


def _readable(response: Response) -> Response:
    """An error reads as a page where a browser asks, and stays a problem document for programs."""
    wants_page = request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
    if response.mimetype != MEDIA_TYPE or not wants_page or request.path.startswith("/api/"):
        return response
    problem = response.get_json()
    response.data = render_template("error.html", status=problem["status"], message=problem["message"])
    response.mimetype = "text/html"
    return response
