"""Whether a command line of ours could run: its commands and options exist. Nothing is run, no value is looked at."""

from __future__ import annotations

from collections.abc import Sequence

import click

from service.cli import main


def check(words: Sequence[str]) -> None:
    """Raises click.UsageError for `takehold` followed by `words`, when there is no such command or option."""
    command: click.Command = main
    rest = list(words)
    context = click.Context(command, info_name="takehold")
    while True:
        _, rest, _ = command.make_parser(context).parse_args(args=rest)
        if not isinstance(command, click.Group) or not rest:
            break
        _, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command, context = found, click.Context(found, parent=context)
    if rest:
        raise click.UsageError(f"{' '.join(words)}: too much at the end")
