"""Answers are JSON, whatever they hold."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from uuid import UUID

from flask import Flask

from service.http.answer import Answers


def test_days_ids_and_letters_are_written_as_everybody_reads_them() -> None:
    said = {"day": date(2026, 3, 1), "id": UUID(int=7), "name": "Ärger", "rate": 0.1, "none": None, "n": [1, True]}
    told = Answers(Flask("test")).dumps(said)
    assert json.loads(told) == said | {"day": "2026-03-01", "id": str(UUID(int=7))}
    assert "Ärger" in told


def test_half_a_character_is_told_escaped_and_breaks_nothing() -> None:
    told = Answers(Flask("test")).dumps({"value": "\ud800", "share": Decimal("0.5")})
    assert json.loads(told) == {"value": "\ud800", "share": "0.5"}
