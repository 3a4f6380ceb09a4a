"""Signing in by link: a GET shows a button, its POST uses the link up, since mail scanners follow links."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, select

from service.directory.tables import SIGN_IN
from service.takehold import Takehold

_VALID = timedelta(hours=24)


@dataclass(frozen=True)
class SignIn:
    """Whom a used link signs in."""

    workspace_id: str
    role: str


def sign_in_link(takehold: Takehold, workspace_id: str, role: str) -> str:
    """An address that signs a browser in once, within 24 hours. Raises NoWorkspace."""
    takehold.workspace(workspace_id)
    token = secrets.token_urlsafe(32)
    with takehold.database.write("work", workspace_id) as connection:
        connection.execute(
            insert(SIGN_IN).values(
                workspace_id=workspace_id, token_hash=_hash(token), role=role, expires_at=datetime.now(UTC) + _VALID
            )
        )
    return f"{takehold.settings.public_url.rstrip('/')}/sign-in/{token}"


def is_valid(takehold: Takehold, token: str) -> bool:
    """Whether the link would sign somebody in."""
    with takehold.database.read() as connection:
        expires = connection.scalar(select(SIGN_IN.c.expires_at).where(SIGN_IN.c.token_hash == _hash(token)))
    return expires is not None and expires > datetime.now(UTC)


def use(takehold: Takehold, token: str) -> SignIn | None:
    """Uses a link up; None for one that is unknown, used or too old."""
    with takehold.database.read() as connection:
        row = connection.execute(select(SIGN_IN).where(SIGN_IN.c.token_hash == _hash(token))).first()
    if row is None:
        return None
    with takehold.database.write("work", row.workspace_id) as connection:
        gone = connection.execute(
            delete(SIGN_IN).where(
                SIGN_IN.c.workspace_id == row.workspace_id,
                SIGN_IN.c.token_hash == row.token_hash,
                SIGN_IN.c.expires_at > datetime.now(UTC),
            )
        )
    # Of two browsers that press the button at once, one deletes the row.
    return SignIn(row.workspace_id, row.role) if gone.rowcount == 1 else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
