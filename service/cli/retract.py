"""The command that takes back what a source reported by mistake, or an import in its name."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import click

from events.database import Busy
from events.followers import Overtaken
from service.cli.shared import counted, opened
from service.commands import usage as commands
from service.http.problem import Problem
from service.queries.extent import Extent, extent_of
from service.takehold import Takehold
from service.worker.follow import caught_up

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("source", required=False)
@click.option("--import", "import_id", type=click.UUID, help="What this import brought, and nothing else.")
@click.option("--from", "start", type=_DAY, help="First day of use; all earlier ones without.")
@click.option("--to", "end", type=_DAY, help="Last day of use; all later ones without.")
@click.option("--received", type=_DAY, help="Only what came in from SOURCE on this day.")
@click.option("--reason", required=True, help="Why; kept sealed in the log.")
@click.option("--workspace", default="default", show_default=True)
def retract(
    source: str | None,
    import_id: UUID | None,
    start: datetime | None,
    end: datetime | None,
    received: datetime | None,
    reason: str,
    workspace: str,
) -> None:
    """Take back what SOURCE reported up to now, or what one import brought.

    What comes from now on counts, the same items included. `takehold import list` names the imports.
    """
    if (source is None) == (import_id is None):
        raise click.UsageError("Name either a source or an import.")
    if import_id and received:
        raise click.UsageError("--received is for a source; of an import all came in at once.")
    if start and end and start > end:
        raise click.UsageError("--from is later than --to.")
    days = {name: day.date() for name, day in (("start", start), ("end", end), ("received", received)) if day}
    with opened() as takehold:
        try:
            with takehold.command(workspace, "system", "cli") as unit:
                if import_id:
                    told = commands.retract_import(unit, import_id, reason, **days)
                elif source:
                    told = commands.retract(unit, source, reason, **days)
                recorded = unit.recorded
        except Problem as problem:
            if problem.code == "unknown_import":
                raise click.BadParameter(problem.message, param_hint="--import") from None
            raise click.ClickException(problem.message) from None
        # What came in just before is counted too.
        followed = _followed(takehold, workspace)
        with takehold.database.read() as connection:
            extents = [extent_of(connection, workspace, one) for one in recorded]
    click.echo(_said(extents[0], followed) if extents else "That was retracted already.")
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
