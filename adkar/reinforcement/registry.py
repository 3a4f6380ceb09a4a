"""Every reminder rule there is."""

from typing import Final

from adkar.reinforcement.below_plan import below_plan
from adkar.reinforcement.never_used import never_used
from adkar.reinforcement.reminder import Rule

RULES: Final[tuple[Rule, ...]] = (never_used, below_plan)
