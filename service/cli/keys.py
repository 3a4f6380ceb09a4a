"""Commands that make workspaces, keys and sign-in links."""

from __future__ import annotations

import click

from service.access import ROLES, actions_of
from service.cli.shared import HOST, PORT, opened, reached_at
from service.organisation import create_workspace, issue_key
from service.web.signin import sign_in_link

_WORKSPACE = click.option("--workspace", default="default", show_default=True, help="The organisation.")


@click.command()
@_WORKSPACE
@click.option("--name", default="Default", show_default=True, help="Name of the organisation.")
@click.option("--zone", default="UTC", show_default=True, help="IANA zone that cuts its days; fixed once usage exists.")
@click.option("--minimum-group", default=10, show_default=True, help="Smallest group that shows figures, at least 5.")
def init(workspace: str, name: str, zone: str, minimum_group: int) -> None:
    """Prepare the database; print the first admin key as the last line."""
    with opened() as takehold:
        try:
            made = create_workspace(takehold, workspace, name, zone, minimum_group)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
        if not made:
            raise click.ClickException(f"The workspace {workspace} exists. For another key: takehold key create")
        click.echo(f"Workspace {workspace} is ready. Its first key, which may do everything, is shown only now:")
        click.echo(issue_key(takehold, workspace, "admin"))


@click.group()
def key() -> None:
    """API keys."""


@key.command("create")
@_WORKSPACE
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--source", default="default", show_default=True, help="The usage source that the key's posts belong to.")
@click.option("--scope", "scopes", multiple=True, help="An action it may do; repeat. Default: all that the role may.")
def create(workspace: str, role: str, source: str, scopes: tuple[str, ...]) -> None:
    """Make a key and print it alone."""
    for scope in scopes:
        if scope not in actions_of(role):
            allowed = ", ".join(sorted(actions_of(role)))
            raise click.BadParameter(f"{role} may not do {scope}; it may do {allowed}", param_hint="--scope")
    with opened() as takehold:
        click.echo(issue_key(takehold, workspace, role, source, frozenset(scopes) or None))


@click.command()
@_WORKSPACE
@click.option("--role", type=click.Choice(ROLES), default="admin", show_default=True)
@HOST
@PORT
def link(workspace: str, role: str, host: str, port: int) -> None:
    """Print a link that signs a browser in, once.

    It begins with TAKEHOLD_PUBLIC_URL; where that is not set, with host and port, to be given as to takehold serve.
    """
    reached_at(host, port)
    with opened() as takehold:
        click.echo(sign_in_link(takehold, workspace, role))
