"""Commands that run the service, or look at how it runs."""

from __future__ import annotations

import json
import multiprocessing
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime

import click
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import MPServer

from service.checks import check_all
from service.cli.shared import HOST, PORT, as_options, opened, reached_at
from service.settings import Settings
from service.takehold import Takehold
from service.worker.loop import Worker
from service.worker.loop import tick as one_round

_ROUND_SECONDS = 60.0
"""As long as the lease of an evaluation lasts: a worker that waits longer for its store has lost it anyway."""


class _Server(MPServer):
    """Tells the worker beside it at the first signal to begin nothing more, not only after the last request.

    Each may take 20 s to end; one after the other that would be more than a supervisor waits.
    """

    beside: Worker | None = None

    def signal_handler_interrupt(self, *args: object, **kwargs: object) -> None:
        if self.beside:
            self.beside.wind_down()
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]


def run_web(host: str, port: int, workers: int, beside: Worker | None = None) -> None:
    """Serves until SIGTERM or SIGINT; a worker beside it runs on threads of this process for as long."""
    _check_free(host, port)
    told = f"takehold link{as_options(host, port)}"
    click.echo(f"Takehold answers at http://{host}:{port}/; for a link that signs a browser in: {told}", err=True)
    # Forking a process that has threads, as the one with the worker has, copies locks in whatever state they are.
    multiprocessing.set_start_method("spawn", force=True)
    server = _Server(
        "service.wsgi:application",
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=port,
        workers=workers,
        respawn_failed_workers=True,
        # Without it a request that never ends would keep SIGTERM from ending the process.
        workers_kill_timeout=20,
        # Its one warning is about its own default number of threads, which was measured to be the best.
        log_level=LogLevels.error,
    )
    if beside:
        server.beside = beside
        # Not earlier: a signal that comes before the server handles it would kill a delivery in flight.
        server.on_startup(beside.start)
    try:
        server.serve()
    finally:
        if beside:
            beside.stop()


def _check_free(host: str, port: int) -> None:
    """The server shares its port with whoever asks for it too; two services would then answer by turns."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # Connections of a server that just ended linger; they do not hinder the next.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(f"Cannot listen on {host}:{port}: {error.strerror}") from None


@contextmanager
def _ready() -> Iterator[Takehold]:
    """The service, with an organisation in it: without one it would run and serve nobody."""
    with opened() as takehold:
        if not takehold.workspaces():
            message = "There is no organisation in this database yet. Run: takehold init, or takehold demo"
            raise click.ClickException(message)
        yield takehold


@click.command()
@HOST
@PORT
def serve(host: str, port: int) -> None:
    """Run web and worker together."""
    reached_at(host, port)
    with _ready() as takehold:
        run_together(takehold, host, port)


def run_together(takehold: Takehold, host: str, port: int) -> None:
    """Web processes beside a worker on threads of this one, until SIGTERM or SIGINT."""
    takehold.limit_use(_ROUND_SECONDS)
    run_web(host, port, workers=1, beside=Worker(takehold))


@click.command()
@HOST
@PORT
@click.option("--workers", default=1, show_default=True, help="Web processes.")
def web(host: str, port: int, workers: int) -> None:
    """Run web processes only."""
    reached_at(host, port)
    with _ready():
        # Opened once beforehand, so that the schema is new and mistakes in settings are told here.
        pass
    run_web(host, port, workers)


@click.command()
def worker() -> None:
    """Run followers, reminder rules and deliveries; any number of these may run."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with _ready() as takehold:
        takehold.limit_use(_ROUND_SECONDS)
        running = Worker(takehold)
        running.start()
        click.echo("The worker runs.", err=True)
        stop.wait()
        running.stop()


@click.command()
@click.option("--at", metavar="INSTANT", help="Evaluate as if it were then, such as 2026-03-02T09:00:00+00:00.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def tick(at: str | None, as_json: bool) -> None:
    """Follow, evaluate the rules and deliver, once."""
    instant = None
    if at:
        try:
            instant = datetime.fromisoformat(at)
        except ValueError:
            raise click.BadParameter("an instant such as 2026-03-02T09:00:00+00:00", param_hint="--at") from None
        if instant.tzinfo is None:
            raise click.BadParameter("needs a time zone, such as +00:00", param_hint="--at")
    with opened() as takehold:
        done = one_round(takehold, instant)
    if as_json:
        click.echo(json.dumps({name: asdict(e) | asdict(d) for name, (e, d) in done.items()}))
        return
    for name, (evaluated, delivered) in done.items():
        click.echo(
            f"{name}: {evaluated.raised} raised, {evaluated.dropped} dropped, {evaluated.released} released; "
            f"{delivered.sent} sent, {delivered.failed} failed, {delivered.retried} to be tried again"
        )


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool) -> None:
    """Look at what could go wrong; exit with 0 when all is well, 1 when something is a warning."""
    with opened() as takehold:
        findings = check_all(takehold, Settings())
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            level = "WARN" if not finding.ok else "note" if finding.note else "ok  "
            click.echo(f"{level} {finding.name}: {finding.detail}")
    if not all(finding.ok for finding in findings):
        raise SystemExit(1)
