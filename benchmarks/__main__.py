"""`python -m benchmarks`: runs them, prints the table, and ends with 0 even where a budget is not held."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from benchmarks import adoption, append, ingest, lag, memory, replay
from benchmarks.engines import bench
from benchmarks.figures import save, show

BENCHMARKS = {
    "ingest": ingest.run,
    "adoption": adoption.run,
    "append": append.run,
    "replay": replay.run,
    "lag": lag.run,
    "memory": memory.run,
}
_LONGEST_SECONDS = 3600
"""On a machine that has better things to do a run takes ever longer; then it says so and ends."""


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)))
@click.option("--quick", is_flag=True, help="Tiny sizes: shows that everything runs, not how fast.")
@click.option("--large", is_flag=True, help="Adoption and memory over 10 M observations of 100,000 people.")
@click.option("--peers/--no-peers", default=None, help="With aw-server, Ralph and chdb; the default unless --quick.")
@click.option("--json", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here as well.")
def main(names: tuple[str, ...], quick: bool, large: bool, peers: bool | None, path: Path | None) -> None:
    """Measure beside plain peers; all of them, or those NAMED."""
    # As an exception, so that the servers this run started end with it; the default handler would leave them behind.
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, _end)
    signal.alarm(_LONGEST_SECONDS)
    reports = []
    with bench(quick, large, not quick if peers is None else peers) as here:
        for name in names or BENCHMARKS:
            click.echo(f"{name} ...", err=True)
            reports.append(BENCHMARKS[name](here))
    show(reports)
    if path:
        save(reports, path)


def _end(number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(f"ended by {signal.Signals(number).name}")


if __name__ == "__main__":
    main()
