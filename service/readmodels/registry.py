"""Every read model there is; a new one is one file and one line here."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Table

from events.followers import Follower
from service.readmodels.assessments import Assessments
from service.readmodels.changes import Changes
from service.readmodels.expectations import Expectations
from service.readmodels.links import Links
from service.readmodels.members import Members
from service.readmodels.optouts import OptOuts
from service.readmodels.reminders import Reminders
from service.readmodels.retractions import Retractions
from service.readmodels.stages import Stages
from service.readmodels.trainings import Trainings


class ReadModel(Follower, Protocol):
    """A follower and the tables it alone writes."""

    @property
    def tables(self) -> tuple[Table, ...]: ...


READMODELS: tuple[ReadModel, ...] = (
    Changes(),
    Members(),
    Assessments(),
    Stages(),
    Trainings(),
    Links(),
    OptOuts(),
    Reminders(),
    Retractions(),
    Expectations(),
)
