"""Commands as they are typed, on a prepared store of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from service.cli import main
from service.settings import Settings
from service.takehold import Takehold


def prepare(url: str, folder: Path, monkeypatch: Any, *words: str) -> None:
    """A store with an empty workspace, which the commands find by the environment."""
    monkeypatch.setenv("TAKEHOLD_DATABASE_URL", url)
    monkeypatch.setenv("TAKEHOLD_KEYS_URL", f"sqlite:///{folder / 'keys.db'}")
    done = typed("init", "--zone", "Europe/Berlin", *words)
    assert done.exit_code == 0, done.output


def typed(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def answer(*words: object) -> Any:
    """What a command answers as JSON."""
    done = typed(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def service() -> Takehold:
    """The service that the commands speak of, to be closed."""
    return Takehold(Settings())
