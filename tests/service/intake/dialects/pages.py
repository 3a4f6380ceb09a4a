"""Pages of another origin than Takehold's, in which unmodified clients for browsers run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server


@pytest.fixture
def origin(packages: Path) -> Iterator[str]:
    """Where the pages are, which is not where Takehold is."""
    server = make_server("127.0.0.1", 0, Flask("pages", static_folder=str(packages), static_url_path=""), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that asks nobody outside this machine."""
    context = browser.new_context()
    opened = context.new_page()
    asked: set[str | None] = set()
    opened.on("request", lambda request: asked.add(urlsplit(request.url).hostname))
    yield opened
    context.close()
    assert asked == {"127.0.0.1"}
