"""The command that takes back what was recorded by mistake."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import click

from adkar.refusal import Refused
from events.envelope import Recorded
from service.cli.shared import counted, opened
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
                    done = commands.withdraw_import(unit, import_id, reason)
                elif event_id:
                    one = commands.withdraw(unit, event_id, reason)
                    done = [one] if one else []
        except (Problem, Refused) as problem:
            raise click.ClickException(problem.message) from None
    click.echo(f"{counted(len(done), 'fact')} withdrawn{_places(done)}.")


def _places(done: Sequence[Recorded]) -> str:
    """Which events say so: the id of one, the positions of several."""
    if len(done) == 1:
        return f", by event {done[0].event_id}"
    return f", by the events at positions {done[0].position} to {done[-1].position}" if done else ""
