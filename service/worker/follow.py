"""Following: read models, activity sets and links are brought to the head of their logs."""

from __future__ import annotations

from events.activity import advance_activity
from service.directory.accounts import link, unlinked_of_known_people
from service.takehold import Takehold
from service.unit import Workspace


def follow(takehold: Takehold, workspace: Workspace) -> None:
    """Brings everything up to date: events, then links of accounts, then usage. Raises Busy and Overtaken."""
    takehold.catch_up(workspace.id)
    while True:
        with takehold.database.read() as connection:
            pairs = unlinked_of_known_people(connection, workspace.id)
        if not pairs:
            break
        with takehold.command(workspace.id, "system", "worker") as unit:
            # Read again under the lock: another worker may have linked them just now.
            link(unit, unlinked_of_known_people(unit.connection, workspace.id))
        takehold.catch_up(workspace.id)
    while advance_activity(takehold.database, workspace.id, workspace.zone):
        pass
