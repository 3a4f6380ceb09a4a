"""Who an account is, when some accounts are people's and some accounts are one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID


class Link(NamedTuple):
    """An account, by its number, and the person it is."""

    account_id: int
    person_id: UUID


def resolved(links: Sequence[Link], merges: Iterable[tuple[int, int]]) -> list[Link]:
    """The person of every account that has one: its own, else that of the accounts it is one with.

    An account keeps its own link whatever it is merged with. Where the accounts that are one belong to several people,
    those without a link are nobody's: to count them for either would be a guess.
    merges: account and what it is; the direction says nothing here.
    """
    group = _Groups()
    for one, other in merges:
        group.join(one, other)
    own = dict(links)
    people: dict[int, set[UUID]] = {}
    for account, person in links:
        people.setdefault(group.of(account), set()).add(person)
    joined = ((account, people.get(group.of(account), set())) for account in group.members() if account not in own)
    return [*links, *(Link(account, next(iter(found))) for account, found in joined if len(found) == 1)]


class _Groups:
    """Disjoint sets (union-find with path halving)."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def of(self, one: int) -> int:
        while (parent := self._parent.setdefault(one, one)) != one:
            self._parent[one] = one = self._parent[parent]
        return one

    def join(self, one: int, other: int) -> None:
        self._parent[self.of(one)] = self.of(other)

    def members(self) -> list[int]:
        return list(self._parent)
