"""`python -m benchmarks`: runs them, prints the table, and ends with 0 even where a budget is not held."""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks import adoption, append, ingest, lag
from benchmarks.engines import bench
from benchmarks.figures import save, show

BENCHMARKS = {"ingest": ingest.run, "adoption": adoption.run, "append": append.run, "lag": lag.run}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)))
@click.option("--quick", is_flag=True, help="Tiny sizes: shows that everything runs, not how fast.")
@click.option("--large", is_flag=True, help="Adoption over 10 M observations of 100,000 people in 40 roles.")
@click.option("--json", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here as well.")
def main(names: tuple[str, ...], quick: bool, large: bool, path: Path | None) -> None:
    """Measure beside plain peers; all of them, or those NAMED."""
    reports = []
    with bench(quick, large) as here:
        for name in names or BENCHMARKS:
            click.echo(f"{name} ...", err=True)
            reports.append(BENCHMARKS[name](here))
    show(reports)
    if path:
        save(reports, path)


main()
