"""Bodies with one fault each, for every route that takes one object: which field the answer must name."""

from __future__ import annotations

import json
from typing import Any

from tests.service.api.corpus import ADOPTION, ASSESSMENT, AVERAGE, CHANGE, CHANNEL, MEMBER, ROLE, STAGE, TRAINING, USE


def bodies(route: str, good: dict[str, Any], faults: list[tuple[str, Any]]) -> list[tuple[str, str, Any]]:
    """Route, field and body of each fault: `field` of a good body (or what lies above it) set to a bad value.

    A value of None takes the field away. `a.b <- a` sets a and expects the answer to name a.b.
    """
    made = []
    for name, value in faults:
        field, _, at = name.partition(" <- ")
        body = json.loads(json.dumps(good))
        *above, last = (at or field).split(".")
        inner = body
        for step in above:
            inner = inner[int(step) if isinstance(inner, list) else step]
        if value is None:
            del inner[last]
        else:
            inner[last] = value
        made.append((route, field, body))
    return made


LONG = "x" * 4001
TIMES = [
    "2026-03-10T11:00:00",
    "1900-01-01T00:00:00Z",
    "1999-12-31T23:59:59Z",
    "2026-03-11T11:00:01Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30T11:00:00Z",
    "2026-03-10",
    "yesterday",
    "",
    1_773_144_000,
    True,
]
WHEN: list[tuple[str, Any]] = [("occurred_at", time) for time in TIMES] + [("occurred_at", None)]
NAMES: list[tuple[str, Any]] = [("name", bad) for bad in ("", "  \n", "x" * 201, "be\al", 7, None)]
KEYS: list[tuple[str, Any]] = [("key", bad) for bad in ("", "Not A Key", "a" * 65, "-a", "ä", "a/b", "a\n", 7, None)]
DEFINITION: list[tuple[str, Any]] = [
    ("adoption.features", []),
    ("adoption.features", {}),
    ("adoption.features", [{"app": "x"}] * 51),
    ("adoption.features.0.app", ""),
    ("adoption.features.0.app", "x" * 129),
    ("adoption.features.0.feature", 7),
    ("adoption.window_days", 0),
    ("adoption.window_days", 367),
    ("adoption.window_days", 3.5),
    ("adoption.window_days", "7"),
    ("adoption.min_days", 0),
    ("adoption.min_days", 8),
    ("adoption.version", 9),
    ("adoption.luck", 1),
]
SCORES: list[tuple[str, Any]] = [
    *(("scores.awareness", bad) for bad in (0, 6, 5.01, 0.99, -1, 3.5, "3", True, [])),
    ("scores", {}),
    ("scores", []),
    ("scores", None),
    ("scores.luck", 3),
]

FIELDS = [
    *bodies("/changes", CHANGE, [*KEYS, *NAMES, *DEFINITION]),
    *bodies(
        "/changes",
        CHANGE,
        [
            *(("go_live", bad) for bad in ("2026-02-30", "1899-12-31", "2200-01-01", "2026-03-02T00:00:00Z", 20260302)),
            *(("target.rate", bad) for bad in (0, 1.01, "0.5", True, None)),
            *(("target.by", bad) for bad in ("2026-03-02", "2026-03-01", None)),
            *(("baseline", bad) for bad in (1.1, -0.1, "0")),
            ("target", None),
            ("target", 1),
            ("adoption", None),
            ("announced", "2026-03-03"),
            ("zone", "Mars/Olympus"),
            ("zone", "localtime"),
            ("phase", "dreaming"),
            ("sponsor", "stranger"),
            ("sponsor", ""),
            ("sponsor", "x" * 257),
            ("champions", ["p1"] * 51),
            ("champions", "p1"),
            ("champions.1 <- champions", ["p1", "stranger"]),
            ("champions.0 <- champions", ["a\x7fb"]),
            ("colour", "red"),
        ],
    ),
    *bodies(
        "/changes/<change>",
        {"name": "Other", "go_live": "2026-03-02", "target": {"rate": 0.5, "by": "2026-09-01"}, "adoption": ADOPTION},
        [
            *DEFINITION,
            *((name, bad) for name, bad in NAMES if bad is not None),
            ("target.by", "2026-03-02"),
            ("announced", "2026-03-03"),
            ("sponsor", "stranger"),
            ("champions.0 <- champions", ["stranger"]),
            ("key", "other"),
        ],
    ),
    *bodies("/changes/<change>/roles", ROLE | {"adoption": ADOPTION}, [*KEYS, *NAMES, *DEFINITION]),
    *bodies(
        "/changes/<change>/roles",
        ROLE,
        [
            ("manager", "stranger"),
            ("champions.1 <- champions", ["p1", "stranger"]),
            ("courses.1 <- courses", ["basics", "Not A Key"]),
            ("courses", ["basics"] * 51),
            ("expected", 0),
            ("expected", 10_000_001),
            ("expected", "40"),
            ("colour", "red"),
        ],
    ),
    *bodies(
        "/changes/<change>/roles/<role>/members/<path:external_id>",
        MEMBER | {"until": "2026-05-01"},
        [
            *(("from", bad) for bad in ("2026-13-01", "1899-12-31", "01.01.2026", 1, None)),
            ("until", "2026-01-01"),
            ("until", "2025-12-31"),
            ("access_from", "2026-05-01"),
            ("start", "2026-01-01"),
        ],
    ),
    *bodies("/changes/<change>/assessments", ASSESSMENT, [*WHEN, *SCORES]),
    *bodies(
        "/changes/<change>/assessments",
        ASSESSMENT,
        [
            ("person", "stranger"),
            ("person", None),
            ("person", ""),
            ("person <- role", "sales"),
            ("n", 10),
            ("n", "10"),
            ("source", "hr"),
            ("method", "x" * 65),
            ("method", None),
            ("note", LONG),
            ("note", " \n"),
            ("note", "a\x01b"),
        ],
    ),
    *bodies(
        "/changes/<change>/assessments",
        AVERAGE,
        [("role", "pilots"), ("n", 9), ("n", 0), ("n", 10.5), ("n", None), ("scores.awareness", 5.5)],
    ),
    *bodies("/changes/<change>/stages", STAGE, WHEN),
    *bodies(
        "/changes/<change>/stages",
        STAGE,
        [
            ("role", "pilots"),
            ("role", None),
            ("stage", "joy"),
            ("stage", None),
            ("status", "maybe"),
            ("status", None),
            ("evidence", LONG),
            ("person", "p1"),
        ],
    ),
    *bodies("/trainings", {"events": []}, [("events", {}), ("events", "x"), ("events", None), ("colour", 1)]),
    *bodies("/usage", {"events": []}, [("events", {}), ("events", "x"), ("events", None), ("colour", 1)]),
    *bodies("/trainings", {"events": []}, [("events", [TRAINING] * 2001)]),
    *bodies("/usage", {"events": []}, [("events", [USE] * 2001), ("events", [{}] * 2001)]),
    *bodies(
        "/reminders/<uuid:reminder>/acknowledge",
        {"action": "did_it"},
        [("action", "maybe"), ("action", None), ("note", LONG), ("until", "2026-03-12T09:00:00Z")],
    ),
    *bodies(
        "/reminders/<uuid:reminder>/snooze",
        {"until": "2026-03-12T09:00:00Z"},
        [("until", bad) for bad in ("2026-03-10T12:00:00Z", "2027-03-12T09:00:00Z", "2026-03-12T09:00:00", "", None)],
    ),
    *bodies("/events/<uuid:event_id>/withdraw", {"reason": "x"}, [("reason", LONG), ("reason", " "), ("reason", None)]),
    *bodies("/reminders/<uuid:reminder>/note", {"text": "x"}, [("text", LONG), ("text", " "), ("text", None)]),
    *bodies(
        "/channels",
        CHANNEL,
        [
            ("kind", "pigeon"),
            ("kind", None),
            *(
                ("target", bad)
                for bad in ("", "team", "team@", "@example.org", "a@b", "a b@example.org", "x" * 257, None)
            ),
            ("audience", []),
            ("audience.change <- audience", {"change": "nothing"}),
            ("audience.change <- audience", {"role": "sales"}),
            ("audience.role <- audience", {"change": "copilot", "role": "pilots"}),
        ],
    ),
    *bodies(
        "/channels",
        {"kind": "slack", "target": "https://slack.invalid/x"},
        [("target", "https://evil.invalid/https://slack.invalid/"), ("target", "http://slack.invalid/x")],
    ),
    *bodies("/heartbeats", {}, [("source", "another"), ("day", "2026-03-01")]),
    *bodies(
        "/sources/<path:source>",
        {"emails_verified": True, "since": "2026-03-02"},
        [("since", bad) for bad in ("yesterday", "2026-02-30", 7, [])],
    ),
    *bodies(
        "/sources/<path:source>",
        {"emails_verified": True},
        [("emails_verified", bad) for bad in ("true", 1, 0, [])] + [("source", "assistant")],
    ),
    *bodies(
        "/sources/<path:source>/retractions",
        {"reason": "A test of ours.", "from": "2026-03-01", "to": "2026-03-02", "received": "2026-03-03"},
        [(day, bad) for day in ("from", "to", "received") for bad in ("yesterday", "2026-02-30", 7, [])]
        + [("reason", bad) for bad in ("", LONG, 7, None)]
        + [("to", "2026-02-28"), ("source", "assistant")],
    ),
    *bodies(
        "/imports/<uuid:import_id>/retractions",
        {"reason": "The wrong file.", "from": "2026-03-01", "to": "2026-03-02"},
        [(day, bad) for day in ("from", "to") for bad in ("yesterday", "2026-02-30", 7, [])]
        + [("reason", bad) for bad in ("", LONG, 7, None)]
        + [("to", "2026-02-28"), ("received", "2026-03-03"), ("source", "assistant")],
    ),
    *bodies("/quarantine/replay", {"source": "x"}, [("source", bad) for bad in ("", "x" * 257, "a\nb", 7)]),
    *bodies("/quarantine/replay", {}, [("colour", "red")]),
]
