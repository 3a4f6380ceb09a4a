"""How far people get: eligible, ever used, active, adopted, adopted and habitual; each stage lies in the one before."""

from dataclasses import dataclass

import numpy as np

from adkar.adoption import Definition
from adkar.population import Bools, Roster, impacted
from adkar.usage import Usage
from adkar.windows import NEVER, Reports, Status, days_in, first_use, hidden


@dataclass(frozen=True)
class Funnel:
    """People eligible on `day`, by how far they got; the window ends with the day.

    adopted: those who meet the definition, also before they have had access for a whole window. never_used and
    dormant (used it once, not in the window) are different people, who need different help. utilisation:
    adopted / eligible. adopted_habitual needs the weeks of the habit to be known as well. Figures are None where
    unknown or suppressed.
    """

    first: int
    day: int
    eligible: int | None
    ever_used: int | None
    active: int | None
    adopted: int | None
    adopted_habitual: int | None
    never_used: int | None
    dormant: int | None
    utilisation: float | None
    coverage: float | None
    status: Status


def funnel(
    roster: Roster,
    usage: Usage,
    reports: Reports,
    habit: Bools | None,
    day: int,
    definition: Definition,
    minimum: int,
) -> Funnel:
    """habit: bool[m], who is habitual or power by `segments`; None where that is not known."""
    first = day - definition.window_days + 1
    here = impacted(roster, np.array([day], np.int32))[0]
    eligible = int(np.count_nonzero(here))
    if hidden(eligible, minimum):
        return Funnel(first, day, None, None, None, None, None, None, None, None, None, "suppressed")
    share = reports.coverage(first, day)
    if not reports.known(first, day):
        return Funnel(first, day, eligible, None, None, None, None, None, None, None, share, "unknown")
    days = days_in(usage, first, day)
    ever = here & (first_use(usage, day) < NEVER)
    adopted = here & (days >= definition.min_days)
    used, active, able = (int(np.count_nonzero(stage)) for stage in (ever, here & (days > 0), adopted))
    return Funnel(
        first,
        day,
        eligible,
        ever_used=used,
        active=active,
        adopted=able,
        adopted_habitual=None if habit is None else int(np.count_nonzero(adopted & habit)),
        never_used=eligible - used,
        dormant=used - active,
        utilisation=able / eligible if eligible else None,
        coverage=share,
        status="known",
    )
