"""What happens in the demo: six roles, and what becomes of the change in each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

WEEKS = 16
SILENT_WEEK = 5
"""The week in which the plug-in's telemetry fails, Monday to Thursday."""


@dataclass(frozen=True)
class RoleStory:
    """A role. share: of the 1,200 people. uptake: share that ends up using it. start_week: when use takes off.

    slip_week: week after which use falls away, or None. trained_week: week of the training, before go-live if negative.
    scores: typical ADKAR answers at the last assessment.
    """

    key: str
    name: str
    share: float
    uptake: float
    start_week: int
    trained_week: int
    scores: Mapping[str, float]
    slip_week: int | None = None


def _scores(a: float, d: float, k: float, b: float, r: float) -> Mapping[str, float]:
    return dict(zip(("awareness", "desire", "knowledge", "ability", "reinforcement"), (a, d, k, b, r), strict=True))


ROLES: tuple[RoleStory, ...] = (
    RoleStory("adjusters", "Claims adjusters", 0.30, 0.86, 1, -1, _scores(4.6, 4.4, 4.5, 4.3, 4.1)),
    # Slips back: an early success that nobody reinforced.
    RoleStory("call-centre", "Call centre agents", 0.25, 0.80, 1, -1, _scores(4.5, 4.2, 4.3, 4.0, 2.4), slip_week=9),
    # Blocked at Desire: they fear for the craft.
    RoleStory("medical", "Medical reviewers", 0.17, 0.22, 3, -1, _scores(4.4, 2.3, 3.9, 3.0, 2.6)),
    # Trained late.
    RoleStory("subrogation", "Subrogation specialists", 0.12, 0.72, 9, 8, _scores(4.3, 4.2, 3.6, 3.2, 3.0)),
    RoleStory("fraud", "Fraud analysts", 0.10, 0.78, 2, 0, _scores(4.5, 4.3, 4.2, 4.1, 3.8)),
    RoleStory("team-leads", "Team leads", 0.06, 0.70, 2, -1, _scores(4.8, 4.5, 4.2, 3.9, 3.7)),
)

FEATURES: tuple[tuple[str, str, str], ...] = (
    ("claims-web", "claims-assistant", "draft-letter"),
    ("claims-web", "claims-assistant", "summarise-file"),
    ("claims-web", "claims-assistant", "check-cover"),
    ("mail-plugin", "claims-assistant", "draft-reply"),
)
"""Source, app and feature of each kind of use."""

FIRST_NAMES = (
    "Ada Amir Anna Ben Carla Chidi Clara David Dina Elif Emil Eva Farid Fiona Greta Hana Hugo Ines Ivan Jana Jonas Kai "
    "Lara Leo Lina Luca Maja Marco Mia Milan Nadia Nils Nora Olga Omar Paul Petra Rafi Rosa Samir Sara Sofia Theo "
    "Tom Vera Yara Zoe"
).split()
LAST_NAMES = (
    "Adler Bauer Beck Berger Brandt Costa Dietrich Engel Fischer Frank Graf Haas Hahn Horn Jansen Kaya Keller Koch "
    "Lang Lehmann Lorenz Maier Meyer Moreau Nowak Otto Petrov Peters Rossi Roth Sahin Sauer Schmidt Schulz Silva "
    "Stein Sturm Vogel Wagner Weber Winter Wolf Ziegler"
).split()
