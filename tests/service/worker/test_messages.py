from __future__ import annotations

import re

from adkar.reinforcement.registry import RULES
from events.types.reinforcement import ReminderRaised
from service.messages import WORDS, words
from tests.service.worker.cast import DORA, Organisation

# Whatever would tell a person that somebody looked at what they do.
USAGE = re.compile(r"\b(us(e|ed|es|ing|age)|opened|log(ged)? ?in|never|not yet|inactive|activity|\d+)\b", re.IGNORECASE)


def raised(org: Organisation) -> ReminderRaised:
    assert org.evaluate().raised == 1
    return org.told(ReminderRaised)[0]


def test_every_rule_has_words_and_no_words_are_left_over() -> None:
    assert {rule.__name__ for rule in RULES} == WORDS.keys()


def test_a_nudge_offers_help_and_quotes_no_use(copilot: Organisation) -> None:
    copilot.everybody_but(DORA)
    nudge = raised(copilot)
    said = words(nudge.rule, nudge.facts)
    assert nudge.rule == "never_used"
    assert "Copilot" in said.subject
    assert "Sales" in said.text
    assert not USAGE.search(f"{said.subject} {said.text}")


def test_a_nudge_has_no_figures_to_quote(copilot: Organisation) -> None:
    copilot.everybody_but(DORA)
    assert raised(copilot).facts.keys() == {"change", "role"}


def test_an_alert_speaks_of_the_group_by_the_facts_of_its_rule(copilot: Organisation) -> None:
    copilot.one_of_twelve()
    alert = raised(copilot)
    said = words(alert.rule, alert.facts)
    assert said.subject == "Sales: adoption of Copilot is below plan"
    assert said.text.startswith(
        "8% of the Sales group have adopted Copilot; the plan for the week to 2026-05-03 was 27%. "
        "It has been below plan for two complete weeks."
    )
