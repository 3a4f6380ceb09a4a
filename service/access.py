"""Who may do what: one table, role by action. Every route names its action; a test walks them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["admin", "champion", "manager", "sponsor", "viewer", "app", "auditor"]
ROLES: tuple[Role, ...] = get_args(Role)

_READERS = frozenset({"admin", "champion", "manager", "sponsor", "viewer"})

ACCESS: Mapping[str, frozenset[str]] = {
    "people:write": frozenset({"admin", "app"}),
    "changes:write": frozenset({"admin"}),
    "changes:read": _READERS | {"auditor"},
    "members:write": frozenset({"admin", "app"}),
    "assessments:write": frozenset({"admin", "champion"}),
    "stages:write": frozenset({"admin", "champion"}),
    "trainings:write": frozenset({"admin", "champion", "app"}),
    "usage:write": frozenset({"admin", "app"}),
    "adoption:read": _READERS,
    "adkar:read": _READERS,
    "reminders:read": frozenset({"admin", "champion", "manager"}),
    "reminders:act": frozenset({"admin", "champion", "manager"}),
    # Reminders to one person say that somebody does not use a tool: nobody's business but the person's.
    "personal:read": frozenset({"admin"}),
    "channels:write": frozenset({"admin"}),
    "events:read": frozenset({"admin", "auditor"}),
    "events:withdraw": frozenset({"admin"}),
    "mailbox:read": frozenset({"admin"}),
    # A source of few actors would show what each of them does.
    "quality:read": frozenset({"admin", "auditor"}),
    "sources:write": frozenset({"admin"}),
}
"""Action -> roles that may do it. An action that is not here may be done by nobody."""


@dataclass(frozen=True)
class Principal:
    """Who makes a request.

    name: as it stands in events, such as `key:<prefix>`. source: the usage source its observations belong to.
    scopes: actions it may do, never more than its role may.
    """

    workspace_id: str
    name: str
    role: str
    source: str
    scopes: frozenset[str]

    def may(self, action: str) -> bool:
        return action in self.scopes and self.role in ACCESS.get(action, frozenset())


def actions_of(role: str) -> frozenset[str]:
    """Every action a role may do."""
    return frozenset(action for action, roles in ACCESS.items() if role in roles)
