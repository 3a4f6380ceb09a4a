from dataclasses import FrozenInstanceError

import pytest

from adkar.reinforcement.reminder import Reminder
from tests.adkar.reinforcement.cast import ADA, CLAIMS, COPILOT, ada, claims


def test_what_a_rule_sees_and_raises_cannot_be_changed_on_the_way():
    reminder = Reminder("never_used", COPILOT, CLAIMS, ADA, "person", ADA, "cause", {})
    for thing, name in ((reminder, "cause"), (ada(), "ever_used"), (claims(), "minimum")):
        with pytest.raises(FrozenInstanceError):
            setattr(thing, name, None)
