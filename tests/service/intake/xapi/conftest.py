from __future__ import annotations

from collections.abc import Callable

import pytest

from service.app import create_app
from service.organisation import issue_key
from service.takehold import Takehold
from tests.service.conftest import Caller
from tests.service.intake.dialects.node import packages
from tests.service.intake.dialects.pages import origin, page
from tests.service.intake.xapi.academy import academy
from tests.service.intake.xapi.learning import Lrs, Seen
from tests.service.web.conftest import browser

__all__ = ["academy", "browser", "origin", "packages", "page"]


@pytest.fixture
def system(takehold: Takehold) -> Callable[..., Lrs]:
    """Makes a learning system with a key of a role, for a source."""
    app = create_app(takehold)

    def make(role: str = "app", source: str = "academy") -> Lrs:
        return Lrs(app.test_client(), issue_key(takehold, "default", role, source))

    return make


@pytest.fixture
def lrs(launched: Caller, system: Callable[..., Lrs]) -> Lrs:
    """An app's key, where sales are asked for the course `basics`."""
    return system()


@pytest.fixture
def seen(takehold: Takehold) -> Seen:
    return Seen(takehold)
