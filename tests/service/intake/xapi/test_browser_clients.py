"""Unmodified clients in a browser, as a course in a page of another origin has them, deliver into a running server."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.service.intake.xapi.academy import COURSE, WHEN, Academy

# What a client sends does not depend on the engine, and each start of a browser takes seconds.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.mark.parametrize("client", ["tincanjs", "xapi"])
def test_its_statements_become_trainings(client: str, origin: str, page: Page, academy: Academy) -> None:
    page.goto(f"{origin}/{client}.html#{academy.endpoint},{academy.key},{WHEN},{COURSE}")
    page.wait_for_function("document.title")
    assert page.title() == "done"
    academy.expect_trainings(times=1)
