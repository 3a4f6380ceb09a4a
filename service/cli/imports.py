"""Commands that take files in."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import click
from marshmallow import ValidationError
from marshmallow.fields import Field

from service.cli.shared import opened, progress_bar
from service.http.fields import ExternalId, Key, Number
from service.intake.imports.copilot import APP as GITHUB_COPILOT
from service.intake.imports.copilot import CopilotFile
from service.intake.imports.files import LeftOut, NotAnExport, Progress, open_file
from service.intake.imports.usage_csv import UsageFile
from service.intake.imports.usage_import import Imported as UsageImported
from service.intake.imports.usage_import import Rows, import_usage
from service.intake.imports.viva import open_export
from service.intake.imports.viva_import import Imported, import_export
from service.queries.imports import imports_of_usage


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


_FILE = click.argument("file", type=click.Path(path_type=Path))
_WORKSPACE = click.option("--workspace", default="default", show_default=True)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_SOURCE = click.option(
    "--source",
    required=True,
    callback=_checked(ExternalId()),
    help="Who reports it, as with key create; what an import sets, only another of this source alters.",
)


@contextmanager
def terminal_bar() -> Iterator[Progress]:
    """A progress bar where somebody watches; nothing where a program collects what is said."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    with progress_bar() as told:
        yield told


@import_.command()
@_FILE
@_WORKSPACE
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
@_JSON
def viva(file: Path, workspace: str, change: str, target: float, as_json: bool) -> None:
    """Take in a person query of Viva Insights, exported as CSV.

    Taking it in again adds nothing; a corrected one replaces what it corrects.
    """
    try:
        # The file first: a mistyped name must not leave a new database behind.
        with open_export(file) as export, opened() as takehold, terminal_bar() as told:
            done = import_export(takehold, workspace, export, change, target, told)
    except NotAnExport as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(asdict(done), default=str))
    else:
        _print(done, workspace)


@import_.command()
@_FILE
@_SOURCE
@_WORKSPACE
@_JSON
def usage(file: Path, source: str, workspace: str, as_json: bool) -> None:
    """Take in usage as CSV, with the columns actor, app, feature and day or occurred_at.

    With occurred_at each row is a use; with day it says how often a feature was used then, and the last file stands.
    Taking a file in again adds nothing. See docs/imports.md.
    """
    _usage(UsageFile, file, source, workspace, as_json)


@import_.command()
@_FILE
@_SOURCE
@_WORKSPACE
@_JSON
def copilot(file: Path, source: str, workspace: str, as_json: bool) -> None:
    """Take in GitHub Copilot's usage metrics by user, as lines of JSON, packed with gzip or not.

    Taking a file in again adds nothing; of a day that two files tell of, the last one stands. See docs/imports.md.
    """
    _usage(CopilotFile, file, source, workspace, as_json, GITHUB_COPILOT)


def _usage(
    kind: Callable[[IO[bytes], str], Rows],
    file: Path,
    source: str,
    workspace: str,
    as_json: bool,
    app: str | None = None,
) -> None:
    try:
        with open_file(file) as content:
            rows = kind(content, file.name)
            with opened() as takehold, terminal_bar() as told:
                done = import_usage(takehold, workspace, source, rows, told, app=app)
    except NotAnExport as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(asdict(done), default=str))
    else:
        _print_usage(done, workspace)


@import_.command("list")
@_WORKSPACE
@_JSON
def list_imports(workspace: str, as_json: bool) -> None:
    """List the imports that brought observations, so that one can be retracted by itself."""
    with opened() as takehold:
        zone = takehold.workspace(workspace).zone
        with takehold.database.read() as connection:
            found = imports_of_usage(connection, workspace)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], default=str))
        return
    for one in found:
        retracted = f"  retracted by {', '.join(map(str, one.retracted_by))}" if one.retracted_by else ""
        click.echo(f"{one.id}  {one.began.astimezone(zone):%Y-%m-%d %H:%M:%S}  {one.source}{retracted}")
    if not found:
        click.echo("No import brought observations.")


def _print(done: Imported, workspace: str) -> None:
    _print_rows(done.rows, done.left_out, done.problems)
    click.echo(f"{done.people:,} people in {done.roles:,} roles of {done.change}; {done.events:,} new events.")
    click.echo(f"{done.stored:,} observations stored, {done.duplicates:,} duplicates.")
    if done.events:
        click.echo(f"To take its facts back: takehold withdraw --import {done.id} --reason TEXT")
    _print_way_back(done.id, done.stored)
    print_next(workspace)


def _print_usage(done: UsageImported, workspace: str) -> None:
    _print_rows(done.rows, done.left_out, done.problems)
    click.echo(f"{done.stored:,} observations of {done.source} stored, {done.duplicates:,} duplicates.")
    _print_way_back(done.id, done.stored)
    print_next(workspace)


def _print_way_back(id: UUID, stored: int) -> None:
    if stored:
        click.echo(f"To take its observations back: takehold retract --import {id} --reason TEXT")


def _print_rows(rows: int, left_out: int, problems: Sequence[LeftOut]) -> None:
    click.echo(f"{rows:,} rows read, {left_out:,} left out.")
    for row in problems:
        click.echo(f"  line {row.line}: {row.column or 'the row'} {row.reason}")
    if left_out > len(problems):
        click.echo(f"  and {left_out - len(problems):,} more")


def print_next(workspace: str) -> None:
    """What to do after an import."""
    click.echo("\nNext: takehold report" + ("" if workspace == "default" else f" --workspace {workspace}"))
