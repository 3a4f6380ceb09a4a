"""Unmodified clients in a browser, in a page of another origin, deliver into a running server."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Page

from events.connect import open_database
from tests.events.cast import until
from tests.running import Api, Running
from tests.service.intake.dialects.adopting import WHEN, expect_all_adopted

# What a client sends does not depend on the engine, and each start of a browser takes seconds.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
CLIENTS = ["analytics-next", "posthog-js", "analytics-js"]


def address(origin: str, client: str, server: Running, key: str, many: int) -> str:
    """Of the page that sends so many uses by a client as soon as it is opened."""
    return f"{origin}/{client}.html#{urlsplit(server.url).netloc},{key},{WHEN.isoformat()},{many}"


def uses(server: Running) -> int:
    """How many have come, whether they were new or not."""
    told = requests.get(f"{server.url}/metrics", timeout=10).text
    return sum(
        int(float(number)) for number in re.findall(r"^takehold_observations_total.* (\S+)$", told, re.MULTILINE)
    )


def wait_for(page: Page, done: Callable[[], bool]) -> None:
    for _ in until(done, 60):
        # A page gets on, and its events come, only while somebody waits for it.
        page.wait_for_timeout(100)


@pytest.mark.parametrize(
    ("client", "received"),
    # RudderStack's gives every message an id of its own, so what a page sends at its second visit is new.
    [("analytics-next", 60), ("posthog-js", 60), ("analytics-js", 120)],
)
def test_its_events_show_up_in_adoption_once_however_often_they_are_sent(
    client: str, received: int, origin: str, page: Page, server: Running, admin: Api, key: str
) -> None:
    for observed in (60, 120):
        page.goto("about:blank")
        page.goto(address(origin, client, server, key, 60))
        wait_for(page, lambda: uses(server) >= observed)  # noqa: B023
        assert uses(server) == observed
    expect_all_adopted(admin, received)


@pytest.mark.parametrize("client", CLIENTS)
def test_what_finds_the_store_busy_is_sent_again_and_arrives(
    client: str, origin: str, page: Page, server: Running, admin: Api, key: str, database_url: str
) -> None:
    """A browser asks before it sends each header that a client adds to a retry: what is not allowed never arrives."""
    refused: list[str] = []
    page.on("response", lambda response: refused.append(response.url) if response.status == 503 else None)
    with closing(open_database(database_url)) as database, database.write("usage", "default"):
        page.goto(address(origin, client, server, key, 12))
        wait_for(page, lambda: bool(refused))
    wait_for(page, lambda: uses(server) == 12)
    expect_all_adopted(admin, 12)
