"""Questions about the history of spring.py, whose figures can be worked out by hand."""

from __future__ import annotations

from typing import Any

from tests.service.api import spring
from tests.service.api.office import House, Office, at


def told(house: House, minimum_group: int = 5) -> Office:
    """The history, told to an office of its own."""
    office = house.office(minimum_group)
    spring.tell(office)
    return office


def ask(office: Office, path: str, now: str = spring.TODAY, **query: Any) -> dict[str, Any]:
    """What the API answers to a viewer about the change."""
    with at(now):
        answer = office.charlie.get(f"/changes/copilot/{path}", **query)
    assert answer.status_code == 200, answer.get_json()
    body: dict[str, Any] = answer.get_json()
    return body


def csv(office: Office, path: str, **query: Any) -> list[list[str]]:
    """The same as a table, by line and cell."""
    with at(spring.TODAY):
        answer = office.charlie.get(f"/changes/copilot/{path}", format="csv", **query)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    return [line.split(",") for line in answer.text.splitlines()]


def refused(office: Office, path: str, **query: Any) -> str:
    """The field that a problem document names."""
    with at(spring.TODAY):
        answer = office.charlie.get(f"/changes/copilot/{path}", **query)
    assert answer.status_code == 422, answer.get_json()
    field: str = answer.get_json()["errors"][0]["field"]
    return field
