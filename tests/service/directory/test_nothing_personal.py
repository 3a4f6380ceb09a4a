"""Nothing personal lies in clear text anywhere: not in a table, a file, a log line or an error's answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

from events.database import Database
from service.takehold import Takehold
from service.worker.follow import follow
from tests.service.conftest import Caller

SECRETS = {
    "name": "Zephyrine Quillfeather",
    "mail": "zephyrine.q@quillfeather.example",
    "external id": "emp-zq-7716",
    "lms id": "lms-zq-9931",
    "actor": "stranger-zq-5512",
    "learner": "learner-zq-4471",
    "assessment note": "She fears for her job zq-1.",
    "evidence": "Her team says so zq-2.",
    "channel": "https://hooks.slack.invalid/zq-3",
    "mailbox": "board-zq@quillfeather.example",
    "use id": "use-zq-8",
    "training id": "training-zq-9",
}


def fill(launched: Caller, caller: Callable[..., Caller], takehold: Takehold) -> None:
    """Posts every secret wherever a client may put one."""
    s, noon = SECRETS, (datetime.now(UTC) - timedelta(days=1)).isoformat()
    person = {"external_id": s["external id"], "name": s["name"], "email": s["mail"]}
    linked = {"external_id": s["lms id"], "source": "lms", "email": s["mail"], "manager": s["external id"]}
    assert launched.post("/people", [person, linked]).get_json()["stored"] == 2
    member = f"/changes/copilot/roles/sales/members/{s['external id']}"
    assert launched.put(member, {"from": "2026-01-01"}).status_code == 204
    assessment = {"person": s["external id"], "scores": {"awareness": 2}, "method": "talk"}
    assessment |= {"occurred_at": noon, "note": s["assessment note"]}
    assert launched.post("/changes/copilot/assessments", assessment).status_code == 201
    stage = {"role": "sales", "stage": "desire", "status": "reached", "occurred_at": noon, "evidence": s["evidence"]}
    assert launched.post("/changes/copilot/stages", stage).status_code == 201
    training = {"id": s["training id"], "person": s["learner"], "course": "basics", "status": "passed"}
    assert launched.post("/trainings", {"events": [training | {"occurred_at": noon}]}).get_json()["stored"] == 1
    uses = [
        {"id": f"{s['use id']}{n}", "app": "copilot", "feature": "chat", "actor": actor, "occurred_at": noon}
        for n, actor in enumerate((s["actor"], s["external id"], s["lms id"]))
    ]
    assert caller("app", source="lms").post("/usage", {"events": uses}).get_json()["stored"] == 3
    assert launched.post("/channels", {"kind": "mail", "target": s["mailbox"]}).status_code == 201
    follow(takehold, takehold.workspace())


def everything(database: Database) -> dict[str, str]:
    """Every value of every column of every table, as text, by table and column."""
    found: dict[str, str] = {}
    with database.read() as connection:
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f"SELECT * FROM {table}")).mappings():
                for column, value in row.items():
                    found[f"{table}.{column}"] = found.get(f"{table}.{column}", "") + "\n" + _shown(value)
    return found


def _shown(value: Any) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)


def leaks(where: dict[str, str]) -> list[tuple[str, str]]:
    parts = {word for secret in SECRETS.values() for word in (secret, *secret.split()) if len(word) > 6 or "zq" in word}
    return [(place, part) for place, told in where.items() for part in parts if part.lower() in told.lower()]


def test_no_table_of_either_store_holds_anything_personal_in_clear_text(
    launched: Caller, caller: Callable[..., Caller], takehold: Takehold
) -> None:
    fill(launched, caller, takehold)
    main, keys = everything(takehold.database), everything(takehold.vault._database)
    assert {"person.name", "identity.external", "account.actor", "event.data", "usage.k"} <= main.keys()
    assert leaks(main) == []
    assert leaks(keys) == []
    # The search finds what is there: the change's name is nobody's secret.
    assert "Copilot" in main["event.data"]


def test_no_byte_of_the_files_does_either(
    launched: Caller, caller: Callable[..., Caller], takehold: Takehold, tmp_path: Path
) -> None:
    """What was overwritten, or waits in the write-ahead log, is on the disk all the same."""
    fill(launched, caller, takehold)
    launched.post("/people", [{"external_id": SECRETS["external id"], "name": "Another Name"}])
    files = {path.name: path.read_bytes().decode("latin-1") for path in tmp_path.iterdir() if path.is_file()}
    assert files
    if takehold.database.engine.dialect.name == "sqlite":
        assert "takehold.db-wal" in files
        assert "Copilot" in files["takehold.db"] + files["takehold.db-wal"]
    assert leaks(files) == []


def test_neither_the_feed_nor_any_answer_tells_a_name(
    launched: Caller, caller: Callable[..., Caller], takehold: Takehold
) -> None:
    fill(launched, caller, takehold)
    answers = {
        path: launched.get(path).text
        for path in ("/events", "/changes", "/changes/copilot", "/changes/copilot/adkar", "/changes/copilot/adoption")
    }
    assert leaks(answers) == []


def test_a_failure_of_the_store_tells_nobody_what_was_to_be_stored(
    launched: Caller, takehold: Takehold, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A violated constraint quotes the values it met, in the exception, and PostgreSQL in its own message as well."""
    with takehold.database.write("work", "default") as connection:
        connection.execute(text("CREATE UNIQUE INDEX one_zone ON person (workspace_id, zone)"))
        connection.execute(text("CREATE UNIQUE INDEX one_course ON rm_training (workspace_id, course)"))
    person = {"name": SECRETS["name"], "email": SECRETS["mail"], "zone": "Asia/Tokyo"}
    people = [person | {"external_id": SECRETS["external id"]}, {"external_id": "x", "zone": "Asia/Tokyo"}]
    with caplog.at_level(logging.DEBUG):
        answer = launched.post("/people", people)
        training = {"person": SECRETS["learner"], "course": "basics", "status": "passed"}
        training["occurred_at"] = datetime.now(UTC).isoformat()
        # Two in one course stop the read model, behind an answer that stands.
        items = [training | {"id": f"{SECRETS['training id']}{n}"} for n in range(2)]
        assert launched.post("/trainings", {"events": items}).get_json()["stored"] == 2
    assert (answer.status_code, answer.get_json()["code"]) == (500, "internal")
    written = capfd.readouterr()
    told = {"answer": answer.text, "out": written.out, "err": written.err, "log": caplog.text}
    assert "IntegrityError" in written.out + written.err
    assert "follower stopped" in written.out + written.err
    assert leaks(told | everything(takehold.database)) == []
