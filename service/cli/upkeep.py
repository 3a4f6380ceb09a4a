"""Commands that keep the stores well: rebuild what follows a log, take backups, put them back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import click

from events.activity import advance_activity
from events.connect import open_database
from events.followers import Overtaken
from events.stored import Unreadable
from service.backup import BadBackup
from service.cli.shared import check_place, failures_told, opened, progress_bar
from service.readmodels.rebuilding import Rebuilt
from service.readmodels.rebuilding import rebuild as rebuild_one
from service.readmodels.sources import CannotRebuild, StillBroken, sources
from service.restoring import (
    DATA_TABLES,
    AnotherHistory,
    NotEmpty,
    Restore,
    back_up,
    check_file,
    check_own,
    compare,
)
from service.restoring import restore as put_back
from service.restoring import verify as verify_chains
from service.settings import Settings
from service.vault import KEY_TABLES

_FORCE = "--force"


@click.command()
@click.argument("name", required=False)
@click.option("--workspace", default="default", show_default=True)
@click.option("--check", is_flag=True, help="Only compare; what serves stays.")
def rebuild(name: str | None, workspace: str, check: bool) -> None:
    """Make read models and activity sets anew from the logs; all of them by default.

    What serves goes on serving meanwhile. Killed and started again, it goes on where it stood. Exit with 1 when
    something differed or an event still breaks it.
    """
    wrong = False
    with opened(ahead=True) as takehold, progress_bar() as bar:
        place = takehold.workspace(workspace)
        known = sources(place.zone)
        if name is not None and name not in known:
            raise click.BadParameter(f"there is {', '.join(known)}", param_hint="NAME")
        # What waits is applied first, so that both generations are compared at the end of the log.
        takehold.catch_up(place.id)
        while advance_activity(takehold.database, place.id, place.zone):
            pass
        for source in known.values() if name is None else [known[name]]:
            try:
                rebuilt = rebuild_one(takehold.database, place.id, source, bar, check)
            except (StillBroken, CannotRebuild) as error:
                click.echo(str(error))
                wrong = True
            except Overtaken:
                click.echo(f"{source.name}: another process has rebuilt it just now")
            else:
                click.echo(_sentence(rebuilt, check))
                wrong = wrong or bool(rebuilt.differing)
    if wrong:
        raise SystemExit(1)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--keys-to", type=click.Path(path_type=Path, dir_okay=False), help="Write the keys to a file of their own."
)
@click.option("--verify", is_flag=True, help="Read FILE to its end instead, and note that this backup is good.")
@click.option(_FORCE, is_flag=True, help="Overwrite what is there.")
def backup(file: Path, keys_to: Path | None, verify: bool, force: bool) -> None:
    """Copy everything but the keys to FILE, while everything runs."""
    if verify:
        if keys_to or force:
            raise click.UsageError("--verify reads FILE only")
        _verify_own(file)
        return
    if keys_to and keys_to.resolve() == file.resolve():
        raise click.UsageError("keys beside what they open erase nothing; give them a file of their own")
    for path in filter(None, (file, keys_to)):
        check_place(path, force)
    with opened() as takehold, progress_bar() as bar, _told():
        rows = back_up(takehold.database, DATA_TABLES, file, bar)
        click.echo(f"{file}: {rows:,} rows.")
        if keys_to:
            # After the data: a key is made before anything is sealed with it, so none of the data's is missing.
            with closing(open_database(takehold.settings.keys)) as keys:
                rows = back_up(keys, KEY_TABLES, keys_to, bar)
            click.echo(f"{keys_to}: {rows:,} keys. Keep it apart from the data.")
    if not keys_to:
        click.echo("The keys are not in it, and without them no name and no note can be read: back them up, apart.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--keys-from", type=click.Path(path_type=Path), help="Restore the keys from this file as well.")
@click.option(_FORCE, is_flag=True, help="Delete what the database holds.")
def restore(file: Path, keys_from: Path | None, force: bool) -> None:
    """Put a backup back, into SQLite or PostgreSQL, whichever it came from; then check what was put back.

    Stop web and worker processes before.
    """
    with _told(), progress_bar() as bar:
        # All of it before anything is touched.
        checked = check_file(file, DATA_TABLES)
        checked_keys = check_file(keys_from, KEY_TABLES) if keys_from else None
        settings = Settings()
        with ExitStack() as stores:
            database = stores.enter_context(closing(open_database(settings.database_url)))
            data = Restore(database, DATA_TABLES, file, checked)
            keys = None
            if keys_from and checked_keys:
                vault = stores.enter_context(closing(open_database(settings.keys)))
                keys = Restore(vault, KEY_TABLES, keys_from, checked_keys)
            put_back(data, keys, force, bar)
    click.echo(f"{sum(checked.rows.values()):,} rows restored, as of {checked.opening.made_at:%Y-%m-%d %H:%M} UTC.")
    if keys_from:
        click.echo("The keys were restored.")
    else:
        click.echo(
            "The keys were left as they are. If they are not those of this backup, names and notes stay closed, nobody "
            "is found by what a source calls them, and heads are signed with another key, so that verify fails from "
            "there on: restore again with --keys-from before anything runs."
        )
    _look_at_it()


def _look_at_it() -> None:
    """Prints whether the chains hold and what is made from the logs is what was restored; else exits with 1."""
    wrong = False
    with _told(), opened() as takehold:
        for workspace, verdict in verify_chains(takehold).items():
            click.echo(f"Workspace {workspace}: {verdict.events:,} events; {verdict.reason}.")
            wrong = wrong or not verdict.holds
        with progress_bar() as bar:
            for workspace, made in compare(takehold, bar).items():
                for one in made:
                    click.echo(f"Workspace {workspace}: {_sentence(one, check=True)}")
                    wrong = wrong or bool(one.differing)
    if wrong:
        raise SystemExit(1)


def _verify_own(file: Path) -> None:
    with opened() as takehold, _told():
        checked = check_own(takehold, file)
    for table, rows in checked.rows.items():
        click.echo(f"{table}: {rows:,}")
    click.echo(f"{file} is complete, as of {checked.opening.made_at:%Y-%m-%d %H:%M} UTC.")


def _sentence(rebuilt: Rebuilt, check: bool) -> str:
    made = f"{rebuilt.name}: applied up to {rebuilt.position:,}"
    match rebuilt.differing:
        case None:
            return f"{made}; there was nothing to compare with, as the live one stood elsewhere"
        case 0:
            return f"{made}; nothing differed"
        case differing:
            return f"{made}; {differing:,} rows differed" + ("" if check else ", and the new ones serve now")


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with a file, or with where it shall go, ends the command with a sentence."""
    with failures_told():
        try:
            yield
        except NotEmpty:
            sentence = f"The database or the key store holds data; {_FORCE} deletes it. Nothing was changed."
            raise click.ClickException(sentence) from None
        except AnotherHistory as error:
            raise click.ClickException(f"{error}.") from None
        except BadBackup as error:
            raise click.ClickException(f"Nothing was changed: {error}.") from None
        except (StillBroken, CannotRebuild) as error:
            raise click.ClickException(str(error)) from None
        except Unreadable as bad:
            raise click.ClickException(f"Position {bad.position}: {bad}.") from None
        except OSError as error:
            raise click.ClickException(f"{error.filename}: {error.strerror}") from None
