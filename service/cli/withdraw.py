"""The command that takes back what was recorded by mistake."""

from __future__ import annotations

from uuid import UUID

import click

from adkar.refusal import Refused
from service.cli.shared import opened
from service.commands import withdrawal as commands
from service.http.problem import Problem


@click.command()
@click.argument("event_id", type=click.UUID, required=False)
@click.option("--import", "import_id", type=click.UUID, help="All that one import recorded.")
@click.option("--reason", required=True, help="Why; kept sealed in the log.")
@click.option("--workspace", default="default", show_default=True)
def withdraw(event_id: UUID | None, import_id: UUID | None, reason: str, workspace: str) -> None:
    """Take back a fact, or a whole import. Earlier views still show it; what it had replaced counts again."""
    if (event_id is None) == (import_id is None):
        raise click.UsageError("Name either an event or an import.")
    with opened() as takehold:
        try:
            with takehold.command(workspace, "system", "cli") as unit:
                if import_id:
                    number = commands.withdraw_import(unit, import_id, reason)
                elif event_id:
                    number = int(commands.withdraw(unit, event_id, reason))
        except (Problem, Refused) as problem:
            raise click.ClickException(problem.message) from None
    click.echo(f"{number:,} facts withdrawn.")
