"""Commands that take files in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from marshmallow import ValidationError
from marshmallow.fields import Field

from service.cli.shared import opened, progress_bar
from service.http.fields import Key, Number
from service.intake.viva import NotAnExport, open_export
from service.intake.viva_import import Imported, import_export


@click.group("import")
def import_() -> None:
    """Take in what other systems export."""


def _checked(field: Field[Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """An option under the same rules as the API's field."""

    def check(_: click.Context, __: click.Parameter, value: Any) -> Any:
        try:
            return field.deserialize(value)
        except ValidationError as error:
            raise click.BadParameter(str(error.messages[0])) from None

    return check


@import_.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--workspace", default="default", show_default=True)
@click.option(
    "--change", default="copilot", show_default=True, callback=_checked(Key()), help="Launched if there is none."
)
@click.option(
    "--target",
    default=0.8,
    show_default=True,
    callback=_checked(Number(0.01, 1)),
    help="Adoption rate that a change launched here shall reach in 26 weeks.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def viva(file: Path, workspace: str, change: str, target: float, as_json: bool) -> None:
    """Take in a person query of Viva Insights, exported as CSV. Taking it in again adds nothing."""
    try:
        # The file first: a mistyped name must not leave a new database behind.
        with open_export(file) as export, opened() as takehold, progress_bar() as told:
            done = import_export(takehold, workspace, export, change, target, told)
    except NotAnExport as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(asdict(done), default=str))
    else:
        _print(done, workspace)


def _print(done: Imported, workspace: str) -> None:
    click.echo(f"{done.rows:,} rows read, {done.left_out:,} left out.")
    for row in done.problems:
        click.echo(f"  line {row.line}: {row.column or 'the row'} {row.reason}")
    if done.left_out > len(done.problems):
        click.echo(f"  and {done.left_out - len(done.problems):,} more")
    click.echo(f"{done.people:,} people in {done.roles:,} roles of {done.change}; {done.events:,} new events.")
    click.echo(f"{done.stored:,} observations stored, {done.duplicates:,} duplicates.")
    if done.events:
        click.echo(f"To take its facts back: takehold withdraw --import {done.id} --reason TEXT")
    click.echo("\nNext: takehold report" + ("" if workspace == "default" else f" --workspace {workspace}"))
