import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.service.http.app import create_app


@pytest.fixture
def app() -> Flask:
    app = create_app()
    app.testing = True
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
