"""The group of all commands, and what they share: which stores, and how failures read."""

from __future__ import annotations

import os

import click

from service.cli.data import demo, report
from service.cli.imports import import_
from service.cli.keys import init, key, link
from service.cli.log_import import import_export
from service.cli.retract import retract
from service.cli.run import doctor, serve, tick, web, worker
from service.cli.shared import failures_told
from service.cli.trust import export, verify
from service.cli.upkeep import backup, rebuild, restore
from service.cli.withdraw import withdraw
from service.logs import configure
from service.settings import Settings

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--database", metavar="URL", help="sqlite:///file or postgresql://...  [TAKEHOLD_DATABASE_URL]")
@click.option("--keys", metavar="URL", help="Where encryption keys are kept.  [TAKEHOLD_KEYS_URL]")
@click.version_option(package_name="takehold")
def main(database: str | None, keys: str | None) -> None:
    """Takehold tells whether a change has taken hold."""
    # Web processes read the same environment, so what is said here holds for them too.
    if database:
        os.environ["TAKEHOLD_DATABASE_URL"] = database
    if keys:
        os.environ["TAKEHOLD_KEYS_URL"] = keys
    with failures_told():
        configure(Settings().log_level)


import_.add_command(import_export)
for command in (
    init,
    key,
    link,
    serve,
    web,
    worker,
    tick,
    demo,
    import_,
    report,
    withdraw,
    retract,
    export,
    verify,
    backup,
    restore,
    rebuild,
    doctor,
):
    main.add_command(command)
