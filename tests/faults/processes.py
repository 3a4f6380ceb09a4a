"""Processes of the service that can be killed without a word and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import requests

from tests.faults.stores import Store
from tests.running import free_port

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60
"""Longer than any start takes on two busy cores."""


class Process:
    """`takehold WORDS` in a process group of its own, so that whatever it starts can be killed with it."""

    def __init__(self, store: Store, *words: str) -> None:
        self._words = words
        self._environment = {**os.environ, **store.environment}
        self._log = store.folder / f"{'-'.join(words)}-{free_port()}.log"
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", "service", *self._words],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL to it and to all it started."""
        assert self._popen is not None
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()

    def kill_child(self) -> bool:
        """SIGKILL to the child that serves; False when there is none at the moment."""
        assert self._popen is not None
        children = Path(f"/proc/{self._popen.pid}/task/{self._popen.pid}/children")
        for child in children.read_text().split() if children.exists() else []:
            with suppress(FileNotFoundError, ProcessLookupError):
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    os.kill(int(child), signal.SIGKILL)
                    return True
        return False

    def end(self) -> None:
        """SIGTERM, and SIGKILL to whatever has not ended by then."""
        if self._popen is None:
            return
        self._popen.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(timeout=30)
        self.kill()

    def said(self) -> str:
        """What it wrote to its output, in all its lives."""
        return self._log.read_text() if self._log.exists() else ""


class Web(Process):
    """`takehold web` on a port that stays the same over its lives."""

    def __init__(self, store: Store) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        super().__init__(store, "web", "--port", str(port))

    def serving(self) -> int:
        """The process that answers requests: a child of the one that was started."""
        assert self._popen is not None
        [*children] = Path(f"/proc/{self._popen.pid}/task/{self._popen.pid}/children").read_text().split()
        [serving] = [int(one) for one in children if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]
        return serving

    def ready(self) -> None:
        """Waits until it answers."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            with suppress(requests.RequestException):
                if requests.get(f"{self.url}/health/ready", timeout=5).ok:
                    return
            time.sleep(0.02)
        raise AssertionError(f"it did not get ready: {self.said()[-2000:]}")


class Worker(Process):
    """`takehold worker`."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, "worker")

    def ready(self) -> None:
        """Waits until this life of it runs."""
        before = self._lives
        deadline = time.monotonic() + READY_SECONDS
        while self.said().count("The worker runs.") == before:
            assert time.monotonic() < deadline, f"it did not get ready: {self.said()[-2000:]}"
            time.sleep(0.02)

    def start(self) -> None:
        self._lives = self.said().count("The worker runs.")
        super().start()
