"""Adoption of a part: one feature, one cohort of people; and as a table."""

from __future__ import annotations

import pytest

from service.api.tables import _cell
from service.intake.store import Use, store
from tests.service.api import spring
from tests.service.api.office import House, Office, at
from tests.service.api.springtime import ask, csv, refused, told


@pytest.fixture(scope="module")
def sliced(house: House) -> Office:
    """The history, in which p8 uses another feature of the same app, and in April nobody opens that one."""
    office = told(house)
    uses = [Use(str(day), "copilot", "draft/letter", "p8", _ms(day)) for day in (26, 27)]
    with at(spring.TODAY):
        store(office.takehold, office.id, "default", uses)
        office.follow()
    return office


def _ms(day: int) -> int:
    return 1_774_500_000_000 + (day - 26) * 86_400_000


def last(answer: dict) -> dict:
    return answer["series"][-1]


def test_one_feature_counts_alone(sliced: Office) -> None:
    whole = last(ask(sliced, "adoption"))
    chat = last(ask(sliced, "adoption", feature="copilot/chat"))
    draft = last(ask(sliced, "adoption", feature="copilot/draft/letter"))
    assert (whole["adopted"], chat["adopted"], draft["adopted"]) == (5, 4, 1)
    assert whole == last(ask(sliced, "adoption", feature="copilot"))


def test_a_feature_that_nobody_opens_is_not_silence_while_its_source_speaks(sliced: Office) -> None:
    draft = last(ask(sliced, "adoption", feature="copilot/draft/letter"))
    assert (draft["status"], draft["coverage"], draft["dau"]) == ("known", 1, 0)
    nobody = last(ask(sliced, "adoption", feature="copilot/nothing"))
    assert (nobody["status"], nobody["adopted"]) == ("known", 0)


def test_a_feature_that_does_not_count_is_refused(sliced: Office) -> None:
    for path in ("adoption", "lifecycle", "retention", "funnel", "segments", "speed", "training"):
        assert refused(sliced, path, feature="teapot") == "feature"
        assert refused(sliced, path, feature="") == "feature"


def test_a_cohort_is_who_got_access_in_a_month(sliced: Office) -> None:
    """p1 to p10, p11 and p12 got access in March: with go-live, or with joining after it."""
    march = last(ask(sliced, "adoption", cohort="2026-03"))
    assert (march["eligible"], march["adopted"]) == (11, 5)
    february = last(ask(sliced, "adoption", cohort="2026-02"))
    assert (february["eligible"], february["status"]) == (None, "suppressed")
    for wrong in ("2026-13", "2026-3", "March", "0001-01"):
        assert refused(sliced, "adoption", cohort=wrong) == "cohort"


def test_a_cohort_of_few_people_is_hidden_although_the_role_is_large(sliced: Office, house: House) -> None:
    office = told(house)
    with at(spring.TODAY):
        office.place("p1", **{"from": "2026-01-01", "access_from": "2026-02-15"})
    for path in ("adoption", "lifecycle", "retention", "funnel", "segments", "speed"):
        answer = ask(office, path, cohort="2026-02", explain="true")
        assert "suppressed" in str(answer), path
        assert answer["explain"]["numerator"] is None
    assert last(ask(office, "adoption", cohort="2026-03"))["eligible"] == 10


def test_a_table_has_a_line_a_day_and_empty_cells_for_what_is_not_known(sliced: Office) -> None:
    header, *lines = csv(sliced, "adoption", **{"from": "2026-03-01", "to": "2026-03-31"})
    rows = [dict(zip(header, line, strict=True)) for line in lines]
    assert (len(rows), rows[0]["day"], rows[0]["rate"], rows[0]["restated"]) == (31, "2026-03-01", "", "false")
    assert (rows[-1]["adopted"], rows[-1]["status"]) == ("5", "known")


def test_accept_asks_for_a_table_as_well_and_what_is_wrong_is_still_a_problem_document(sliced: Office) -> None:
    with at(spring.TODAY):

        def accepting(kind: str, **query: str):
            headers = {"Accept": kind}
            return sliced.charlie._call("GET", "/changes/copilot/funnel", headers=headers, query_string=query)

        assert accepting("text/csv").mimetype == "text/csv"
        assert accepting("text/csv, application/json;q=0.9").mimetype == "text/csv"
        for kind in ("*/*", "application/json", "application/json, text/csv;q=0.5", "text/html"):
            assert accepting(kind).mimetype == "application/json"
        assert accepting("text/csv", format="json").mimetype == "application/json"
        assert accepting("text/csv").headers["Vary"] == accepting("*/*").headers["Vary"] == "Accept"
        assert accepting("text/csv", weeks="9").mimetype == "application/problem+json"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert _cell(text) == f"'{text}"
    assert (_cell(-1.5), _cell("known")) == ("-1.5", "known")


def test_use_that_a_later_file_takes_back_is_no_use(house: House) -> None:
    """A day's value is set by the last file: 5, then 0 a day later. Both reports are reports."""
    office = house.office(5)
    with at(spring.LAUNCHED):
        office.expect("2026-03-30", "files")
        office.announce(6)
        office.launch()
        office.impact("sales", members=range(1, 7))
    for received, values in ((31, {"p1": 5, "p2": 1}), (32, {"p1": 0, "p3": 2})):
        uses = [
            Use(f"{who} {received}", "copilot", "chat", who, _ms(30), count, grain="day")
            for who, count in values.items()
        ]
        store(office.takehold, office.id, "files", uses, _ms(received))
    with at("2026-04-02T10:00+02:00"):
        office.follow()
    series = {p["day"]: p for p in ask(office, "adoption", now="2026-04-02T10:00+02:00")["series"]}
    assert (series["2026-03-30"]["dau"], series["2026-03-30"]["coverage"]) == (2, 1)
    # On the day before, the second file was not there yet.
    then = {p["day"]: p for p in ask(office, "adoption", as_of="2026-03-31T20:00:00Z")["series"]}
    assert then["2026-03-30"]["coverage"] == 1


def test_a_misspelt_filter_is_refused_instead_of_answered_for_everybody(sliced: Office) -> None:
    answer = sliced.charlie.get("/changes/copilot/adoption", rol="sales")
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "rol")
