"""Changes, roles and members over the API, with what is stored seen back."""

from __future__ import annotations

import pytest

from events.types.change import AdoptionDefined, ChangeAmended, ChangeLaunched, MemberPlaced, RoleImpacted
from tests.service.api.office import Office


def test_a_launched_change_is_shown_as_it_was_announced(office: Office) -> None:
    office.announce(2)
    office.launch(sponsor="p1", champions=["p2"], announced="2026-02-01", zone="Europe/Madrid", baseline=0.1)
    shown = office.charlie.get("/changes/copilot").get_json()
    assert shown == {
        "key": "copilot",
        "name": "Copilot",
        "go_live": "2026-03-02",
        "announced": "2026-02-01",
        "zone": "Europe/Madrid",
        "phase": "rollout",
        "baseline": 0.1,
        "target": {"rate": 0.8, "by": "2026-09-01"},
        "adoption": {
            "version": 1,
            "features": [{"app": "copilot", "feature": None}],
            "window_days": 7,
            "min_days": 2,
        },
        "roles": [],
    }
    assert office.charlie.get("/changes").get_json() == {"changes": [shown]}
    terms = office.events(ChangeLaunched)[0].event.terms
    assert (terms.sponsor, terms.champions) == (office.person("p1"), (office.person("p2"),))


def test_what_is_left_out_gets_the_documented_default(office: Office) -> None:
    office.launch(adoption={"features": [{"app": "copilot", "feature": "chat"}]})
    shown = office.alice.get("/changes/copilot").get_json()
    assert (shown["zone"], shown["phase"], shown["baseline"]) == ("Europe/Berlin", "rollout", None)
    assert (shown["adoption"]["window_days"], shown["adoption"]["min_days"]) == (28, 4)


def test_changes_are_listed_oldest_first(office: Office) -> None:
    for key in ("zeta", "alpha", "mid"):
        office.launch(key)
    assert [one["key"] for one in office.alice.get("/changes").get_json()["changes"]] == ["zeta", "alpha", "mid"]


def test_a_key_is_taken_once(office: Office) -> None:
    office.launch()
    before = office.stored()
    again = office.alice.post(
        "/changes",
        {
            "key": "copilot",
            "name": "Another",
            "go_live": "2026-03-02",
            "target": {"rate": 0.5, "by": "2026-09-01"},
            "adoption": {"features": [{"app": "x"}]},
        },
    )
    assert (again.status_code, again.get_json()["code"]) == (409, "key_taken")
    assert office.stored() == before


def test_an_amendment_alters_what_it_names_and_nothing_else(office: Office) -> None:
    office.announce(1)
    office.launch(sponsor="p1", announced="2026-02-01")
    before = office.alice.get("/changes/copilot").get_json()
    answer = office.alice.patch("/changes/copilot", {"phase": "sustain", "announced": None, "sponsor": None}).get_json()
    assert answer == before | {"phase": "sustain", "announced": None, "position": answer["position"]}
    assert office.events(ChangeAmended)[0].event.terms.sponsor is None
    shown = office.alice.get("/changes/copilot").get_json()
    assert shown | {"position": answer["position"]} == answer


def test_an_amendment_that_alters_nothing_records_nothing(office: Office) -> None:
    office.launch()
    before = office.stored()
    assert office.alice.patch("/changes/copilot", {"name": "Copilot"}).status_code == 200
    assert office.alice.patch("/changes/copilot", {}).status_code == 200
    assert office.stored() == before


def test_another_definition_of_adoption_is_another_version(office: Office) -> None:
    office.launch()
    adoption = {"features": [{"app": "copilot"}], "window_days": 14, "min_days": 3}
    answer = office.alice.patch("/changes/copilot", {"adoption": adoption}).get_json()
    assert (answer["adoption"]["version"], answer["adoption"]["window_days"]) == (2, 14)
    assert [one.event.number for one in office.events(AdoptionDefined)] == [1, 2]


def test_a_role_may_have_a_definition_of_its_own(office: Office) -> None:
    office.announce(2)
    office.launch()
    adoption = {"features": [{"app": "copilot", "feature": "ledger"}], "window_days": 28, "min_days": 1}
    office.impact("close", manager="p1", champions=["p2"], courses=["a", "b", "a"], expected=40, adoption=adoption)
    shown = office.alice.get("/changes/copilot").get_json()["roles"][0]
    assert (shown["key"], shown["courses"], shown["expected"]) == ("close", ["a", "b"], 40)
    assert (shown["adoption"]["version"], shown["adoption"]["min_days"]) == (2, 1)
    impacted = office.events(RoleImpacted)[0].event
    assert (impacted.manager, impacted.champions) == (office.person("p1"), (office.person("p2"),))


def test_a_role_key_is_taken_once_in_a_change(office: Office) -> None:
    office.launch()
    office.launch("other")
    office.impact("sales")
    office.impact("sales", change="other")
    before = office.stored()
    again = office.alice.post("/changes/copilot/roles", {"key": "sales", "name": "Again"})
    assert (again.status_code, again.get_json()["code"]) == (409, "key_taken")
    assert office.stored() == before


def test_a_membership_is_replaced_as_a_whole_and_repeated_without_trace(office: Office) -> None:
    office.announce(1)
    office.launch()
    office.impact("sales")
    office.place("p1", **{"from": "2026-01-01", "access_from": "2026-03-10"})
    office.place("p1", **{"from": "2026-01-01", "access_from": "2026-03-10"})
    office.place("p1", **{"from": "2026-01-01", "until": "2026-05-01"})
    placed = [one.event for one in office.events(MemberPlaced)]
    assert [(str(one.start), str(one.until), str(one.access)) for one in placed] == [
        ("2026-01-01", "None", "2026-03-10"),
        ("2026-01-01", "2026-05-01", "None"),
    ]


@pytest.mark.parametrize("external", ["a/b", "ou=sales,dc=example", "Ünï cøde ☕", "50%", "a?b#c"])
def test_a_person_can_be_placed_whatever_the_organisation_calls_people(office: Office, external: str) -> None:
    """Names with a slash, as directories have them, once ended in a 404 of the routing."""
    assert office.alice.post("/people", [{"external_id": external}]).get_json()["stored"] == 1
    office.launch()
    office.impact("sales")
    quoted = external.replace("%", "%25").replace("?", "%3F").replace("#", "%23").replace("/", "%2F")
    office.place(quoted, **{"from": "2026-01-01"})
    assert office.events(MemberPlaced)[0].event.person == office.person(external)
