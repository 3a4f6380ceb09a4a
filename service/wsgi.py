"""What the web server loads in each of its processes."""

from __future__ import annotations

from flask import Flask

from service.app import create_app
from service.logs import configure
from service.settings import Settings
from service.takehold import Takehold


def application() -> Flask:
    """The application, as the environment configures it."""
    settings = Settings()
    configure(settings.log_level)
    return create_app(Takehold(settings))
