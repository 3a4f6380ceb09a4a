from __future__ import annotations

from dataclasses import replace

import pytest

from service.web.render import Adkar, Role
from tests.service.web import cast
from tests.service.web.conftest import WEB, Site, application

FIGURE = "\N{NO-BREAK SPACE}%"


def shown(**more: object) -> str:
    """The dashboard's HTML, with some of its data replaced."""
    return application(Site(dashboard=cast.dashboard(**more))).test_client().get("/").text


def only(role: Role) -> str:
    return shown(roles=[role], figures=replace(cast.dashboard().figures, plan=None), reminders=[], mailbox=None)


def of(text: str, start: str, end: str) -> str:
    return text.split(start, 1)[1].split(end, 1)[0]


def test_a_role_that_is_too_small_shows_no_figure_even_when_one_was_given() -> None:
    leaky = replace(cast.roles()[0], eligible=None, adopted=305, rate=0.4321, plan=None, status="suppressed")
    leaky = replace(leaky, series=replace(leaky.series, plan=[None] * 16, status=["suppressed"] * 16))
    card = of(only(leaky), '<div class="roles">', "</section>")
    assert "too few people" in card
    assert FIGURE not in card
    assert "305" not in card


def test_answers_of_a_group_that_is_too_small_are_not_shown_even_when_given() -> None:
    answers = replace(cast.roles()[1].adkar, suppressed=True)
    assert isinstance(answers, Adkar)
    section = of(only(replace(cast.roles()[1], adkar=answers)), 'id="heat"', "</section>")
    assert section.count("too few people") == 2
    assert FIGURE not in section
    assert "2.6" not in section
    assert "121" not in section


def test_a_role_whose_source_is_silent_says_so_instead_of_its_last_rate() -> None:
    silent = replace(cast.roles()[3], rate=0.6183, plan=None)
    now = of(only(silent), '<p class="now">', "</p>")
    assert "unknown: source silent" in now
    assert FIGURE not in now


def test_the_barrier_is_said_in_a_word() -> None:
    cell = of(only(cast.roles()[1]), 'data-name="Desire"', "</td>")
    assert '<span class="flag">barrier</span>' in cell
    assert "46" + FIGURE + " blocked" in cell


def test_a_mean_that_is_not_known_is_no_barrier_and_no_number() -> None:
    role = cast.roles()[1]
    thin = replace(role, adkar=replace(role.adkar, means={**role.adkar.means, "ability": None}))
    assert "too few" in of(only(thin), 'data-name="Ability"', "</td>")


def test_who_a_personal_reminder_went_to_is_not_said() -> None:
    page = shown(roles=[], mailbox=None)
    assert page.count('<td role="cell" data-name="To">a person</td>') == 4
    assert page.count('<td role="cell" data-name="To">manager</td>') == 2
    assert "another reminder went to the person within 7 days" in page


def test_without_a_change_the_page_says_how_to_add_the_first() -> None:
    page = shown(change=None, figures=None, changes=[], roles=[], reminders=[], mailbox=None)
    assert "curl http://127.0.0.1:8080/api/v1/changes" in page


def test_without_usage_and_assessments_the_page_says_what_they_need() -> None:
    bare = [replace(role, series=None, adkar=None, rate=None) for role in cast.roles()]
    figures = replace(cast.dashboard().figures, rate=None, low=None, high=None)
    page = shown(roles=bare, figures=figures, reminders=[], mailbox=[])
    for words in ("No usage yet.", "No assessments yet.", "No reminders yet.", "No messages yet.", "no usage yet"):
        assert words in page


def test_a_change_without_roles_says_how_to_name_one() -> None:
    assert "POST /api/v1/changes/assistant/roles" in shown(roles=[])


def test_the_mailbox_is_there_only_where_mail_stays() -> None:
    assert "Local mailbox" in shown(mailbox=[])
    assert "Local mailbox" not in shown(mailbox=None)


def test_the_switcher_is_there_only_for_several_changes_and_escapes_their_keys() -> None:
    assert 'href="/?change=a%26b"' in shown(changes=[("assistant", "A"), ("a&b", "B")])
    assert "switcher" not in shown(changes=[("assistant", "A")])


@pytest.mark.parametrize("name", ["dashboard", "sign_in", "signed_out", "unsubscribe", "error"])
def test_no_page_carries_a_style_or_a_handler_of_its_own(name: str) -> None:
    path = "/" if name == "dashboard" else f"/page/{name}"
    page = application(Site()).test_client().get(path).text
    assert " style=" not in page
    assert "<style" not in page
    assert " onclick=" not in page


def test_all_that_a_browser_loads_is_small_and_comes_with_its_licence() -> None:
    static = WEB / "static"
    assert sum(file.stat().st_size for file in static.rglob("*") if file.is_file()) < 150_000
    assert "Leon Sorokin" in (static / "vendor" / "uPlot.LICENSE.txt").read_text()
