"""What a serving process has loaded is left out of the garbage collector's rounds."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from service.settings import Settings
from service.takehold import Takehold
from service.worker.loop import Worker
from service.wsgi import application


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_a_web_process_has_settled_when_it_begins_to_serve(
    database_url: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKEHOLD_DATABASE_URL", database_url)
    monkeypatch.setenv("TAKEHOLD_KEYS_URL", f"sqlite:///{tmp_path}/keys.db")
    app = application()
    assert gc.get_freeze_count() > 10_000
    app.extensions["takehold"].close()


def test_so_has_a_worker(database_url: str, tmp_path: object) -> None:
    takehold = Takehold(Settings(database_url=database_url, keys_url=f"sqlite:///{tmp_path}/keys.db"))
    worker = Worker(takehold)
    assert gc.get_freeze_count() == 0
    worker.start()
    assert gc.get_freeze_count() > 10_000
    worker.stop()
    takehold.close()
