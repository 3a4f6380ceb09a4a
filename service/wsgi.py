"""What the web server loads in each of its processes."""

from __future__ import annotations

from flask import Flask

from service.app import create_app
from service.heap import settle
from service.logs import configure
from service.settings import Settings
from service.takehold import Takehold

_ANSWER_SECONDS = 7.0
"""A use of a store that takes longer is given up, so that a request is answered within 10 s."""


def application() -> Flask:
    """The application, as the environment configures it."""
    settings = Settings()
    configure(settings.log_level)
    takehold = Takehold(settings)
    takehold.limit_use(_ANSWER_SECONDS)
    app = create_app(takehold)
    settle()
    return app
