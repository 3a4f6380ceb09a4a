"""Two services with a mail server and Slack on loopback: one store that many tests share, each in a workspace of its
own, and a fresh one for those that run whole workers, which look after every workspace there is."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from events.connect import open_database
from events.database import Database
from service.directory.announce import Announced
from service.organisation import create_workspace
from service.settings import Settings
from service.takehold import Takehold
from tests.notifiers.receivers import Post, smtp_server
from tests.service.conftest import Caller
from tests.service.worker.cast import PATIENCE, SELLERS, Organisation

ROOT = Path(__file__).parents[3]
Process = subprocess.Popen[str]
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def mail_server() -> Iterator[tuple[Post, int]]:
    post = Post()
    with smtp_server(post) as port:
        yield post, port


@pytest.fixture
def post(mail_server: tuple[Post, int]) -> Post:
    """The mail server's post, empty and in a good mood."""
    post, _ = mail_server
    post.envelopes.clear()
    post.to_recipient = post.to_data = None
    return post


class SlowPost:
    """Takes a message, and does not say so before the gate opens."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self.arrived, self.gate = threading.Event(), threading.Event()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self._post.envelopes.append(envelope)
        self.arrived.set()
        await asyncio.get_running_loop().run_in_executor(None, self.gate.wait, PATIENCE)
        return "250 OK"


@pytest.fixture
def slow_post(post: Post, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowPost]:
    """From now on the mail server is slow."""
    slow = SlowPost(post)
    monkeypatch.setattr(post, "handle_DATA", slow.handle_DATA)
    yield slow
    slow.gate.set()


def _settings(database_url: str, keys: Path, port: int) -> Settings:
    return Settings(
        database_url=database_url,
        keys_url=f"sqlite:///{keys}",
        public_url="https://takehold.example",
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_security="none",
        mail_from="takehold@example.com",
        slack_base="http://localhost",
    )


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def shared_settings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, mail_server: tuple[Post, int]
) -> Settings:
    folder = tmp_path_factory.mktemp("shared")
    url = f"sqlite:///{folder / 'takehold.db'}"
    if request.param == "postgres":
        base = request.getfixturevalue("postgres_server")
        with psycopg.connect(base, autocommit=True) as admin:
            # Made again when several processes share the tests out and one of them comes back to this engine.
            admin.execute("DROP DATABASE IF EXISTS takehold_worker WITH (FORCE)")
            admin.execute("CREATE DATABASE takehold_worker TEMPLATE takehold_template")
        url = make_url(base).set(database="takehold_worker").render_as_string(hide_password=False)
    return _settings(url, folder / "keys.db", mail_server[1])


@pytest.fixture(scope="session")
def shared(shared_settings: Settings) -> Iterator[Takehold]:
    opened = Takehold(shared_settings)
    yield opened
    opened.close()


@pytest.fixture
def impatient(shared_settings: Settings) -> Iterator[Database]:
    """The shared store, by one who waits for the lock for 0.2 s only."""
    opened = open_database(shared_settings.database_url, lock_seconds=0.2)
    yield opened
    opened.close()


@pytest.fixture
def org(shared: Takehold, post: Post) -> Organisation:
    """Twelve sellers and their manager, hired; no change yet."""
    org = Organisation(shared, f"w{next(_numbers)}")
    create_workspace(shared, org.id, zone="Europe/Berlin")
    org.hire(*(Announced(name, email=f"{name}@example.org", name=name) for name in [*SELLERS, "mara"]))
    return org


@pytest.fixture
def copilot(org: Organisation) -> Organisation:
    """The organisation after it launched the change `copilot` for the role `sales`."""
    org.launch("copilot", {"sales": SELLERS})
    return org


@pytest.fixture
def alice(org: Organisation) -> Caller:
    """Administers the organisation."""
    return org.caller("admin")


@pytest.fixture
def bob(org: Organisation) -> Caller:
    """Champions a change of the organisation."""
    return org.caller("champion")


@pytest.fixture
def settings(database_url: str, tmp_path: Path, mail_server: tuple[Post, int]) -> Settings:
    return _settings(database_url, tmp_path / "keys.db", mail_server[1])


@pytest.fixture
def fresh(takehold: Takehold, post: Post) -> Organisation:
    """The organisation `copilot`, in the only workspace of a store of its own."""
    org = Organisation(takehold, "default")
    org.hire(*(Announced(name, email=f"{name}@example.org", name=name) for name in [*SELLERS, "mara"]))
    org.launch("copilot", {"sales": SELLERS})
    return org


@pytest.fixture
def another_process() -> Iterator[Callable[..., Process]]:
    """Starts `python -m MODULE ...` over the stores of some settings; killed with the test."""
    started: list[Process] = []

    def start(settings: Settings, module: str, *words: str) -> Process:
        said = settings.model_dump(exclude_none=True, exclude={"smtp_password"})
        process = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            cwd=ROOT,
            env={**os.environ, **{f"TAKEHOLD_{name.upper()}": str(value) for name, value in said.items()}},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            process.kill()
