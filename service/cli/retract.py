"""The command that takes back what a source reported by mistake."""

from __future__ import annotations

from datetime import datetime

import click

from service.cli.shared import opened
from service.commands.usage import retract as command
from service.http.problem import Problem


@click.command()
@click.argument("source")
@click.option("--from", "start", type=click.DateTime(["%Y-%m-%d"]), help="First day of use; all earlier ones without.")
@click.option("--to", "end", type=click.DateTime(["%Y-%m-%d"]), help="Last day of use; all later ones without.")
@click.option("--received", type=click.DateTime(["%Y-%m-%d"]), help="Only what came in on this day.")
@click.option("--reason", required=True, help="Why; kept sealed in the log.")
@click.option("--workspace", default="default", show_default=True)
def retract(
    source: str, start: datetime | None, end: datetime | None, received: datetime | None, reason: str, workspace: str
) -> None:
    """Take back what SOURCE reported up to now. What it reports from now on counts, the same items included."""
    if start and end and start > end:
        raise click.UsageError("--from is later than --to.")
    days = {"start": start, "end": end, "received": received}
    with opened() as takehold:
        try:
            with takehold.command(workspace, "system", "cli") as unit:
                told = command(unit, source, reason, **{name: day.date() for name, day in days.items() if day})
        except Problem as problem:
            raise click.ClickException(problem.message) from None
    click.echo(f"Retracted. To undo it: takehold withdraw {told} --reason TEXT")
