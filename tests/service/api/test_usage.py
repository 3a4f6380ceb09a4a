"""Usage over the API: judged item by item, deduplicated exactly, and no more than that is stored."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from sqlalchemy import select

from events.tables import FEATURE, SOURCE, USAGE
from tests.service.api.office import Office, at
from tests.service.conftest import Caller

NOON = "2026-03-10T12:00:00Z"


def use(id: str = "1", **changes: Any) -> dict[str, Any]:
    return {"id": id, "app": "copilot", "feature": "chat", "actor": "p1", "occurred_at": NOON, **changes}


def rows(office: Office) -> list[tuple[Any, ...]]:
    with office.takehold.database.read() as connection:
        found = connection.execute(
            select(SOURCE.c.name, FEATURE.c.app, FEATURE.c.name, USAGE.c.account_id, USAGE.c.occurred_ms)
            .add_columns(USAGE.c.count, USAGE.c.duration_ms, USAGE.c.properties)
            .join(SOURCE, (SOURCE.c.workspace_id == USAGE.c.workspace_id) & (SOURCE.c.source_id == USAGE.c.source_id))
            .join(
                FEATURE, (FEATURE.c.workspace_id == USAGE.c.workspace_id) & (FEATURE.c.feature_id == USAGE.c.feature_id)
            )
            .where(USAGE.c.workspace_id == office.id)
            .order_by(USAGE.c.seq)
        )
        accounts: dict[int, str] = {}
        # Which number an account has is nobody's business; which rows share one is.
        return [(*row[:3], accounts.setdefault(row[3], f"account {len(accounts)}"), *row[4:]) for row in found]


@pytest.fixture
def tool(office: Office) -> Caller:
    return office.caller("app", source="tool")


def test_an_observation_is_stored_as_it_was_sent(office: Office, tool: Caller) -> None:
    full = use(count=3, duration_ms=90_000, properties={"k": ["ü", 1]}, occurred_at="2026-03-10T13:00:00.5+01:00")
    with at("2026-03-10T12:30+00:00"):
        answer = tool.post("/usage", {"events": [full, use("2", actor="p2")]})
    assert answer.get_json() == {"stored": 2, "duplicate": 0, "rejected": 0, "items": []}
    noon = 1_773_144_000_000
    first, second = rows(office)
    assert first[:-1] == ("tool", "copilot", "chat", "account 0", noon + 500, 3, 90_000)
    assert json.loads(first[-1]) == {"k": ["ü", 1]}
    assert second == ("tool", "copilot", "chat", "account 1", noon, 1, None, None)


def test_good_observations_are_stored_and_bad_ones_listed_with_index_reason_and_field(
    office: Office, tool: Caller
) -> None:
    without = use("13")
    del without["app"]
    items = [
        use("0"),
        use("1", count=0),
        use("2", count=1.5),
        use("3", duration_ms=-1),
        use("4", actor=""),
        use("5", actor="a\nb"),
        use("6\n"),
        use("7", feature="x" * 129),
        use("8", occurred_at="2026-03-10T12:00:00"),
        use("9", occurred_at="1900-01-01T00:00:00Z"),
        use("10", occurred_at="2026-03-11T11:00:01Z"),
        use("11", properties={"k": "x" * 4096}),
        use("12", colour="red"),
        without,
        "use",
        use("15", occurred_at="2026-03-11T11:00:00Z"),
    ]
    with at("2026-03-10T12:00+00:00"):
        answer = tool.post("/usage", {"events": items}).get_json()
    assert (answer["stored"], answer["duplicate"], answer["rejected"]) == (2, 0, 14)
    assert [(one["index"], one["field"]) for one in answer["items"]] == [
        (1, "count"),
        (2, "count"),
        (3, "duration_ms"),
        (4, "actor"),
        (5, "actor"),
        (6, "id"),
        (7, "feature"),
        (8, "occurred_at"),
        (9, "occurred_at"),
        (10, "occurred_at"),
        (11, "properties"),
        (12, "colour"),
        (13, "app"),
        (14, None),
    ]
    assert all(one["status"] == "rejected" and one["reason"] for one in answer["items"])
    reasons = {one["index"]: one["reason"] for one in answer["items"]}
    assert (reasons[9], reasons[10]) == ("too_old", "too_far_ahead")
    assert len(rows(office)) == 2


def test_what_is_older_than_the_retention_is_too_old_to_the_second(tool: Caller) -> None:
    with at("2026-04-14T12:00+00:00"):
        answer = tool.post("/usage", {"events": [use("1"), use("2", occurred_at="2026-03-10T11:59:59Z")]}).get_json()
    assert (answer["stored"], answer["items"][0]["reason"]) == (1, "too_old")


def test_a_repeat_is_a_duplicate_within_a_batch_and_over_batches(office: Office, tool: Caller) -> None:
    with at("2026-03-10T12:30+00:00"):
        within = tool.post("/usage", {"events": [use("1"), use("2"), use("1", count=5)]}).get_json()
        before = office.stored()
        over = tool.post("/usage", {"events": [use("2"), use("1")]}).get_json()
        assert office.stored() == before
        fresh = tool.post("/usage", {"events": [use("1"), use("1", occurred_at="2026-03-10T12:00:01Z")]}).get_json()
        elsewhere = office.caller("app", source="other").post("/usage", {"events": [use("1")]}).get_json()
    assert within == {
        "stored": 2,
        "duplicate": 1,
        "rejected": 0,
        "items": [{"index": 2, "status": "duplicate", "reason": None, "field": None}],
    }
    assert (over["stored"], over["duplicate"]) == (0, 2)
    # The same id at another time, or of another source, is another observation.
    assert (fresh["stored"], fresh["duplicate"]) == (1, 1)
    assert elsewhere["stored"] == 1


def test_a_gzipped_batch_is_taken(office: Office, tool: Caller) -> None:
    body = gzip.compress(json.dumps({"events": [use(str(n)) for n in range(500)]}).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    with at("2026-03-10T12:30+00:00"):
        assert tool.post("/usage", data=body, headers=headers).get_json()["stored"] == 500


def test_one_actor_is_one_account_of_its_source(office: Office, tool: Caller) -> None:
    with at("2026-03-10T12:30+00:00"):
        tool.post("/usage", {"events": [use("1"), use("2", feature="write"), use("3", actor="p2")]})
        tool.post("/usage", {"events": [use("4", actor="p2"), use("5", actor="p3")]})
        office.caller("app", source="other").post("/usage", {"events": [use("6")]})
    assert [row[3][-1] for row in rows(office)] == ["0", "0", "1", "1", "2", "3"]


@pytest.mark.parametrize("text", ['{"events": []}', '{"events": [] }'])
def test_an_empty_batch_is_taken_and_stores_nothing(office: Office, tool: Caller, text: str) -> None:
    before = office.stored()
    answer = tool.post("/usage", data=text, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.get_json()["stored"]) == (200, 0)
    assert office.stored() == before


@pytest.mark.parametrize(
    "twist",
    [
        lambda text: text,
        lambda text: text.replace('"feature"', '"f\\u0065ature"'),
        lambda text: text.replace('"chat"', '"ch\\u0061t"'),
        lambda text: text.replace('": ', '" : '),
        lambda text: text.replace("}", ', "duration_ms": null}', 1),
    ],
    ids=["plain", "escape in a key", "escape in a value", "spaces", "a null"],
)
def test_a_batch_means_the_same_however_its_json_is_written(office: Office, tool: Caller, twist: Any) -> None:
    """Plain bodies are decoded by a faster way, which must never tell."""
    text = twist(json.dumps({"events": [use("1")]}))
    with at("2026-03-10T12:30+00:00"):
        answer = tool.post("/usage", data=text, headers={"Content-Type": "application/json"})
    assert answer.get_json()["stored"] == 1, answer.get_json()
    assert rows(office) == [("tool", "copilot", "chat", "account 0", 1_773_144_000_000, 1, None, None)]


@pytest.mark.parametrize(
    ("twist", "code"),
    [
        (lambda text: text.replace('"id"', '"id": "0", "id"', 1), "duplicate_key"),
        (lambda text: text.replace('"events"', '"events": [], "events"'), "duplicate_key"),
        (lambda text: text.replace('"count": 1', '"count": 1, "count": 1'), "duplicate_key"),
        (lambda text: text.replace('"p1"', '"p1\\u0000"'), "nul_character"),
        (lambda text: text.replace('"count": 1', '"count": NaN'), "number_not_finite"),
        (lambda text: text.replace('"count": 1', f'"count": {"9" * 5000}'), "integer_out_of_range"),
    ],
    ids=["key twice", "events twice", "count twice", "NUL", "NaN", "5,000 digits"],
)
def test_a_poisoned_batch_is_refused_as_a_whole(office: Office, tool: Caller, twist: Any, code: str) -> None:
    before = office.stored()
    text = twist(json.dumps({"events": [use("1", count=1), use("2", count=1)]}))
    with at("2026-03-10T12:30+00:00"):
        answer = tool.post("/usage", data=text, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)
    assert office.stored() == before


@pytest.mark.parametrize("actor", ["a\x7fb", "a\x85b", "a\tb"])
def test_control_characters_in_names_are_refused_however_they_are_written(
    office: Office, tool: Caller, actor: str
) -> None:
    for escaped in (True, False):
        text = json.dumps({"events": [use(actor=actor)]}, ensure_ascii=escaped)
        with at("2026-03-10T12:30+00:00"):
            answer = tool.post("/usage", data=text.encode(), headers={"Content-Type": "application/json"})
        assert answer.get_json()["items"][0]["field"] == "actor"
    assert rows(office) == []
