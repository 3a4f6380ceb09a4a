"""Statements read again, by those who stated them: what is in them is about single people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, func, select

from events.sealed import Sealed
from service.access import Principal
from service.http import strict_json
from service.intake.xapi.http import a_choice, a_number, an_id, an_instant, bad_parameter, instant
from service.intake.xapi.statement import read_agent
from service.intake.xapi.store import activity_index, agent_index
from service.intake.xapi.tables import STATEMENT as _TABLE
from service.takehold import Takehold
from service.vault import Erased, Vault

PARAMETERS = (
    *("statementId", "voidedStatementId", "agent", "verb", "activity", "registration", "since", "until", "limit"),
    *("ascending", "format", "attachments", "related_activities", "related_agents", "cursor"),
)
MOST = 500
"""Statements in one answer."""

_Row = Row[*tuple[Any, ...]]
_GONE = (Erased, ValueError)
"""What tells that a statement was erased: its key is not there, or was made anew for later ones of the same agent."""


def one(takehold: Takehold, who: Principal, id: UUID, voided: bool) -> dict[str, Any] | None:
    """The statement of that id, if this key may read it, and if it is void or not as asked."""
    with takehold.database.read() as connection:
        row = connection.execute(
            select(_TABLE).where(*_readable(who), _TABLE.c.statement_id == id, _TABLE.c.voided.is_(voided))
        ).first()
    found = opened(takehold, who.workspace_id, [row] if row else [])
    return found[0] if found else None


def several(takehold: Takehold, who: Principal, asked: Mapping[str, str], path: str) -> dict[str, Any]:
    """A StatementResult: statements, the newest first unless asked otherwise, and where there are more.

    Raises Problem 400.
    """
    ascending = a_choice(asked, "ascending", "false", "true") == "true"
    order, cursor = _TABLE.c.number, a_number(asked, "cursor")
    limit = min(a_number(asked, "limit") or MOST, MOST)
    wanted = [*_readable(who), _TABLE.c.voided.is_(False), *_filters(takehold.vault, who.workspace_id, asked)]
    if cursor:
        wanted.append(order > cursor if ascending else order < cursor)
    query = select(_TABLE).where(*wanted).order_by(order if ascending else order.desc()).limit(limit + 1)
    with takehold.database.read() as connection:
        rows = connection.execute(query).all()
    more = ""
    if len(rows) > limit:
        rows = rows[:limit]
        more = f"{path}?{urlencode({**asked, 'cursor': rows[-1].number})}"
    return {"statements": opened(takehold, who.workspace_id, rows), "more": more}


def last_stored(connection: Connection, workspace_id: str) -> datetime | None:
    """When the last statement was stored."""
    last: datetime | None = connection.scalar(
        select(func.max(_TABLE.c.stored_at)).where(_TABLE.c.workspace_id == workspace_id)
    )
    return last


def opened(takehold: Takehold, workspace_id: str, rows: Sequence[_Row]) -> list[dict[str, Any]]:
    """Statements as they were sent, with what the store adds; what was erased is left out."""
    boxes = {row.statement_id: Sealed(key=row.body_key, box=row.body) for row in rows}
    try:
        texts = takehold.vault.open_many(workspace_id, boxes)
    except _GONE:
        told = ((row, body_of(takehold.vault, workspace_id, row)) for row in rows)
        return [_told(takehold, row, body) for row, body in told if body is not None]
    return [_told(takehold, row, msgspec.json.decode(texts[row.statement_id])) for row in rows]


def body_of(vault: Vault, workspace_id: str, row: _Row) -> dict[str, Any] | None:
    """A statement as it was sent; None when it was erased."""
    try:
        text = vault.open(workspace_id, Sealed(key=row.body_key, box=row.body))
    except _GONE:
        return None
    found: dict[str, Any] = msgspec.json.decode(text)
    return found


def briefly(statement: Mapping[str, Any]) -> dict[str, Any]:
    """A statement that says of agents, verbs and activities only what they are known by."""
    names = ("objectType", "id", "mbox", "mbox_sha1sum", "openid", "account")
    short = {
        part: {name: value for name, value in statement[part].items() if name in names}
        for part in ("actor", "verb", "object")
        if statement[part].get("objectType") != "SubStatement"
    }
    return {**statement, **short}


def _told(takehold: Takehold, row: _Row, body: dict[str, Any]) -> dict[str, Any]:
    stored = instant(row.stored_at)
    home = takehold.settings.public_url.rstrip("/")
    return {
        "timestamp": stored,
        "version": "1.0.0",
        **body,
        "stored": stored,
        "authority": {"objectType": "Agent", "account": {"homePage": home, "name": row.stated_by}},
    }


def _readable(who: Principal) -> list[ColumnElement[bool]]:
    """An administrator reads everything, an app what its source stated, anybody else what their own key did."""
    here: list[ColumnElement[bool]] = [_TABLE.c.workspace_id == who.workspace_id]
    if who.may("personal:read"):
        return here
    return [*here, _TABLE.c.source == who.source if who.role == "app" else _TABLE.c.stated_by == who.name]


def _filters(vault: Vault, here: str, asked: Mapping[str, str]) -> list[ColumnElement[bool]]:
    for name in ("related_activities", "related_agents", "attachments"):
        if a_choice(asked, name, "false", "true") == "true":
            raise bad_parameter(name, "is not supported")
    found: list[ColumnElement[bool]] = []
    if "agent" in asked:
        agent = agent_index(vault, here, _agent(asked["agent"]))
        found.append((_TABLE.c.agent == agent) | (_TABLE.c.object_agent == agent))
    if "verb" in asked:
        found.append(_TABLE.c.verb == asked["verb"])
    if "activity" in asked:
        found.append(_TABLE.c.activity == activity_index(vault, here, asked["activity"]))
    if "registration" in asked:
        found.append(_TABLE.c.registration == an_id(asked, "registration"))
    if since := an_instant(asked, "since"):
        found.append(_TABLE.c.stored_at > since)
    if until := an_instant(asked, "until"):
        found.append(_TABLE.c.stored_at <= until)
    return found


def _agent(text: str) -> object:
    try:
        return read_agent(strict_json.loads(text.encode()), "agent")
    except (strict_json.BadJson, UnicodeEncodeError):
        raise bad_parameter("agent", "must be an agent in JSON") from None
