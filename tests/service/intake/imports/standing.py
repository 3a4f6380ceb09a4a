"""What stands in the activity sets, read the plain way."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select, true

from events.activity import advance_activity, unpack
from events.tables import ACTIVITY, FEATURE, SOURCE
from service.directory.tables import ACCOUNT
from service.readmodels.retractions import standing as counting
from service.takehold import Takehold

Told = dict[tuple[str, str, str, date], int]
"""Source, actor, feature (with its kind, if that is not use) and day; and how often."""


def fold(takehold: Takehold, workspace_id: str = "default") -> None:
    """Brings the sets to the end of the usage log."""
    while advance_activity(takehold.database, workspace_id, takehold.workspace(workspace_id).zone):
        pass


def standing(takehold: Takehold, actors: list[str], workspace_id: str = "default", retracted: bool = False) -> Told:
    """Everything that is not 0: the sum of single uses, and of what was set, what was received last.

    retracted: leaves out what is.
    """
    fold(takehold, workspace_id)
    names = {takehold.vault.index(workspace_id, "external", actor): actor for actor in actors}
    with takehold.database.read() as connection:
        accounts = {
            row.account_id: names[row.actor_index]
            for row in connection.execute(select(ACCOUNT).where(ACCOUNT.c.workspace_id == workspace_id))
        }
        rows = connection.execute(
            select(SOURCE.c.name.label("source"), FEATURE.c.name, FEATURE.c.kind, FEATURE.c.grain, ACTIVITY)
            .join(
                SOURCE,
                (SOURCE.c.workspace_id == ACTIVITY.c.workspace_id) & (SOURCE.c.source_id == ACTIVITY.c.source_id),
            )
            .join(
                FEATURE,
                (FEATURE.c.workspace_id == ACTIVITY.c.workspace_id) & (FEATURE.c.feature_id == ACTIVITY.c.feature_id),
            )
            .where(ACTIVITY.c.workspace_id == workspace_id)
            .where(counting(connection, workspace_id) if retracted else true())
            .order_by(ACTIVITY.c.received_day, ACTIVITY.c.seq)
        ).all()
    found: Told = {}
    for row in rows:
        feature = row.name if row.kind == "use" else f"{row.name} {row.kind}"
        for account, count in zip(*(column.tolist() for column in unpack(row.accounts, row.counts)), strict=True):
            key = (row.source, accounts[account], feature, row.day)
            found[key] = count + (found.get(key, 0) if row.grain == "instant" else 0)
    return {key: count for key, count in found.items() if count}
