"""Commands that let somebody else check the log."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO

import click

from events.stored import Unreadable
from events.verify import Verdict
from service.cli.shared import check_place, opened, progress_bar
from service.trust import NothingToExport, keep_head
from service.trust import export as write_export
from service.verifying import CannotVerify, verify_target


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--workspace", default="default", show_default=True)
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
def export(file: Path, workspace: str, force: bool) -> None:
    """Write the whole log of a workspace to a file that anybody can check; exit with 1 when it does not hold."""
    check_place(file, force)
    try:
        # The file first: a folder that is not there must not leave a new database behind.
        with _whole(file) as part, opened() as takehold:
            with progress_bar() as told:
                written = write_export(takehold, workspace, part, lambda done, total: told("events", done, total))
            keep_head(takehold.settings, written.head)
    except NothingToExport:
        raise click.ClickException(f"Workspace {workspace} has no events yet.") from None
    except Unreadable as bad:
        raise click.ClickException(f"Position {bad.position}: {bad}. Run: takehold verify") from None
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from None
    click.echo(f"{written.events:,} events, the last at position {written.head.position}: {written.head.hash}")
    click.echo(f"Public key: {written.head.public_key}")
    # As whoever gets the file would: it is written even so, for what was altered is evidence too.
    verdict = verify_target(str(file))
    if not verdict.holds:
        raise click.ClickException(
            f"The log does not hold, from position {verdict.bad_position} on: {verdict.reason}. {file} has it as it is."
        )


@click.command()
@click.argument("target")
@click.option("--head", "heads", type=click.Path(path_type=Path), help="File of signed heads that was kept outside.")
@click.option("--workspace", help="Default: the export's own; in a database, default.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(target: str, heads: Path | None, workspace: str | None, as_json: bool) -> None:
    """Check the log in an export or a database (URL): exit with 0 when it holds, 1 when not, 2 when unreadable."""
    try:
        verdict = verify_target(target, heads, workspace)
    except CannotVerify as error:
        raise _Unreadable(str(error)) from None
    if as_json:
        click.echo(json.dumps({"holds": verdict.holds, **asdict(verdict)}))
    else:
        _print(verdict, heads is not None)
    if not verdict.holds:
        raise SystemExit(1)


class _Unreadable(click.ClickException):
    exit_code = 2


def _print(verdict: Verdict, against_heads: bool) -> None:
    if not verdict.holds:
        click.echo(f"Does not hold, from position {verdict.bad_position} on: {verdict.reason}.")
        return
    click.echo(f"Holds: {verdict.events:,} events of workspace {verdict.workspace_id}; {verdict.reason}.")
    if verdict.public_key:
        click.echo(f"Public key: {verdict.public_key}")
    if not against_heads:
        click.echo("Without a head that was kept outside (--head FILE), a log that was cut or signed anew would pass.")


@contextmanager
def _whole(file: Path) -> Iterator[IO[bytes]]:
    """Under another name until it is complete and on disk; nobody ever finds half an export."""
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("wb") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
