"""A browser, and the smallest application that serves the pages the way the service does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, render_template, request
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from service.web import render
from tests.service.web import cast

WEB = Path(render.__file__).parent
CHROMIUM = Path("/usr/bin/chromium")
CSP = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"


@dataclass
class Site:
    """url: of the first page. dashboard: what it shows. posted: path and form of every POST."""

    url: str = ""
    dashboard: render.Dashboard = field(default_factory=cast.dashboard)
    posted: list[tuple[str, dict[str, str]]] = field(default_factory=list)


def application(site: Site) -> Flask:
    app = Flask("pages", template_folder=str(WEB / "templates"), static_folder=str(WEB / "static"))

    @app.get("/")
    def first() -> str:
        return render_template("dashboard.html", **render.context(site.dashboard), csrf_token="t0ken")

    @app.get("/page/<name>")
    def page(name: str) -> str:
        values: dict[str, Any] = {"status": 404, "message": "There is no such page.", "csrf_token": "t0ken"}
        return render_template(f"{name}.html", done=False, **values)

    @app.post("/page/<name>")
    @app.post("/<name>")
    def post(name: str) -> str:
        site.posted.append((request.full_path.rstrip("?"), request.form.to_dict()))
        return render_template("unsubscribe.html", done=True)

    @app.after_request
    def guard(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CSP
        return response

    return app


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    server = make_server("127.0.0.1", 0, application(made), threaded=True)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: the pages are not looked at")
    # Root in a container has no sandbox; the rest keeps the browser from calling home.
    args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    args += ["--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=args)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page whose complaints, of the console, of scripts and of the content policy, fail the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    opened = context.new_page()
    complaints: list[str] = []

    def complain(text: str) -> None:
        complaints.append(text)

    opened.on("console", lambda message: complain(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: complain(str(error)))
    opened.on("dialog", lambda dialog: (complain("a dialog opened"), dialog.dismiss()))
    opened.expose_function("complain", complain)
    opened.add_init_script(
        "addEventListener('securitypolicyviolation', e => complain(`${e.violatedDirective} ${e.blockedURI}`))"
    )
    yield opened
    context.close()
    assert complaints == []
