"""The command that takes an export of ours back in."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from service.cli.imports import print_next, terminal_bar
from service.cli.shared import opened
from service.intake.imports.log_import import CannotTakeIn, TakenIn, check_log, import_log


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--workspace", help="Default: the export's own, and it cannot be another.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_export(file: Path, workspace: str | None, as_json: bool) -> None:
    """Take an export of Takehold into an empty workspace of another store: the same events, the same chain.

    It is verified first. Names, addresses, observations and keys are not in an export; takehold backup has them.
    """
    try:
        # The file first: a mistyped name must not leave a new database behind.
        with terminal_bar() as told:
            verdict = check_log(file, told, workspace)
            with opened() as takehold:
                done = import_log(takehold, file, verdict, told)
    except CannotTakeIn as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(asdict(done)))
    else:
        _print(done)


def _print(done: TakenIn) -> None:
    click.echo(f"{done.events:,} events of workspace {done.workspace_id}, the last one's hash {done.hash}.")
    click.echo("An export holds no names, no addresses and no observations; people are pseudonyms here.")
    if done.readable is False:
        click.echo(f"{done.sealed:,} notes and other texts stay closed, because their keys are not here.")
    if not done.same_key:
        click.echo(
            f"This store signs with another key than {done.public_key}: heads that it signs from now on will not "
            "verify as this log's. Put the log's own keys here before anything else is recorded."
        )
    if not done.followed:
        click.echo("Read models have not reached the end yet: takehold doctor says why.")
    print_next(done.workspace_id)
