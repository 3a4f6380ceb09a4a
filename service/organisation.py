"""A workspace is made: its row, its followers' checkpoints, its first key."""

from __future__ import annotations

from zoneinfo import available_timezones

from sqlalchemy import insert, select

from adkar.group import MINIMUM_GROUP_FLOOR
from service.apikeys import create_key
from service.directory.tables import WORKSPACE
from service.takehold import Takehold


def create_workspace(
    takehold: Takehold, workspace_id: str = "default", name: str = "Default", zone: str = "UTC", minimum_group: int = 10
) -> bool:
    """Makes a workspace unless it exists; says whether it did.

    Raises ValueError for an unknown zone, or a minimum below the floor.
    """
    if zone not in available_timezones():
        raise ValueError(f"{zone} is not the IANA name of a time zone, such as Europe/Berlin")
    if minimum_group < MINIMUM_GROUP_FLOOR:
        raise ValueError(f"the smallest group that shows figures has at least {MINIMUM_GROUP_FLOOR} people")
    with takehold.database.write("events", workspace_id) as connection:
        if connection.scalar(select(WORKSPACE.c.name).where(WORKSPACE.c.workspace_id == workspace_id)) is not None:
            return False
        connection.execute(
            insert(WORKSPACE).values(workspace_id=workspace_id, name=name, zone=zone, minimum_group=minimum_group)
        )
        takehold.enrol(connection, workspace_id)
    return True


def issue_key(
    takehold: Takehold, workspace_id: str, role: str, source: str = "default", scopes: frozenset[str] | None = None
) -> str:
    """A new API key, shown for the only time. Raises NoWorkspace."""
    takehold.workspace(workspace_id)
    with takehold.database.write("work", workspace_id) as connection:
        return create_key(connection, workspace_id, role, source, scopes)
