"""The command that takes back what a source reported by mistake."""

from __future__ import annotations

from datetime import datetime

import click

from events.database import Busy
from events.followers import Overtaken
from service.cli.shared import counted, opened
from service.commands.usage import retract as command
from service.http.problem import Problem
from service.queries.extent import Extent, extent_of
from service.takehold import Takehold
from service.worker.follow import caught_up


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
                [recorded] = unit.recorded
        except Problem as problem:
            raise click.ClickException(problem.message) from None
        # What came in just before is counted too.
        followed = _followed(takehold, workspace)
        with takehold.database.read() as connection:
            extent = extent_of(connection, workspace, recorded)
    click.echo(_said(extent, followed))
    click.echo(f"To undo it: takehold withdraw {told} --reason TEXT")


def _followed(takehold: Takehold, workspace: str) -> bool:
    # What is retracted stays so, whether or not it can be counted now.
    try:
        return caught_up(takehold, takehold.workspace(workspace))
    except (Busy, Overtaken):
        return False


def _said(extent: Extent, followed: bool) -> str:
    days, accounts = counted(extent.days, "day"), counted(extent.accounts, "account")
    span = f", from {extent.first} to {extent.last}" if extent.days else ""
    rest = "" if followed else ", and what came in last and is not counted yet"
    return f"Retracted {days} of use by {accounts}{span}{rest}."
