"""Signed addresses that people get by mail. Built on the public URL, never on a request's Host header."""

from __future__ import annotations

from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer

from service.takehold import Takehold

_SALT = "unsubscribe"


def unsubscribe_url(takehold: Takehold, workspace_id: str, person: UUID) -> str:
    """Where a person stops nudges without signing in (RFC 8058)."""
    token = _serializer(takehold, workspace_id).dumps(str(person))
    return f"{takehold.settings.public_url.rstrip('/')}/unsubscribe/{workspace_id}/{token}"


def unsubscribing(takehold: Takehold, workspace_id: str, token: str) -> UUID | None:
    """Whose token this is; None for one that was not signed here."""
    try:
        return UUID(_serializer(takehold, workspace_id).loads(token))
    except (BadSignature, ValueError):
        return None


def _serializer(takehold: Takehold, workspace_id: str) -> URLSafeSerializer:
    return URLSafeSerializer(takehold.vault.workspace_key(workspace_id, "links"), salt=_SALT)
