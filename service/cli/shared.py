"""What commands share."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import DatabaseError, OperationalError

from events.database import Busy
from service.lag import AheadOfLog
from service.schema import NewerSchema
from service.settings import Settings
from service.takehold import NoWorkspace, Takehold

_HOST, _PORT = "127.0.0.1", 8080
HOST = click.option("--host", default=_HOST, show_default=True)
PORT = click.option("--port", type=click.IntRange(1, 65535), default=_PORT, show_default=True)


@contextmanager
def opened(ahead: bool = False) -> Iterator[Takehold]:
    """The service, closed at the end; what goes wrong with the stores is told in a sentence.

    ahead: opens read models that are ahead of their log too, to mend them.
    """
    takehold: Takehold | None = None
    with failures_told():
        try:
            settings = Settings()
            try:
                takehold = Takehold(settings, ahead)
            except ValueError as error:
                # An address that names no store, or keys that cannot be found by it.
                raise click.ClickException(str(error)) from None
            yield takehold
        finally:
            if takehold:
                takehold.close()


@contextmanager
def failures_told() -> Iterator[None]:
    """What goes wrong with the stores ends the command with a sentence."""
    try:
        yield
    except NoWorkspace as missing:
        raise click.ClickException(f"There is no workspace {missing}. Run: takehold init") from None
    except FileNotFoundError:
        raise click.ClickException("The folder of the database does not exist.") from None
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise click.ClickException(f"TAKEHOLD_{name}: {first['msg']}") from None
    except OperationalError as error:
        raise click.ClickException(f"The database does not answer: {type(error.orig).__name__}") from None
    except DatabaseError as error:
        raise click.ClickException(f"That is no database of Takehold: {error.orig}") from None
    except (NewerSchema, AheadOfLog, Busy) as error:
        raise click.ClickException(str(error)) from None


def check_place(file: Path, force: bool) -> None:
    """Ends the command where a file cannot go, or is there already and nobody said that it may be overwritten."""
    if file.is_dir():
        raise click.ClickException(f"{file} is a directory.")
    # By itself and not by what a link leads to: the file takes the place of /dev/stdout, and not of what that is of.
    if os.path.lexists(file) and not stat.S_ISREG(file.lstat().st_mode):
        raise click.ClickException(f"{file} is a link or a device, and only a regular file is overwritten.")
    if file.exists() and not force:
        raise click.ClickException(f"{file} is there already; --force overwrites it.")


def counted(number: int, name: str) -> str:
    """`1 day`, `2 days`."""
    return f"{number:,} {name}" if number == 1 else f"{number:,} {name}s"


def reached_at(host: str, port: int) -> None:
    """Lets links lead to where a service listens, unless the settings say where people reach it."""
    if "public_url" not in Settings().model_fields_set:
        os.environ["TAKEHOLD_PUBLIC_URL"] = f"http://{host}:{port}"


def as_options(host: str, port: int) -> str:
    """What another command has to be told of where a service listens; nothing of the usual."""
    told = {"host": host} if host != _HOST else {}
    told |= {"port": str(port)} if port != _PORT else {}
    return "".join(f" --{name} {value}" for name, value in told.items())


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int | None], None]]:
    """A bar on standard error for each step: told of what is done, how much of it, and how much there is."""
    columns = (TextColumn("{task.description:<14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, TaskID] = {}

        def told(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield told
