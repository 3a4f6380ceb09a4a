"""Every route that writes, with a body it takes, and bodies that no route takes."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import Any

NOW = "2026-03-10T12:00+00:00"
NOON = "2026-03-10T11:00:00Z"
ADOPTION = {"features": [{"app": "copilot"}], "window_days": 7, "min_days": 2}
CHANGE = {
    "key": "fresh",
    "name": "Fresh",
    "go_live": "2026-03-02",
    "target": {"rate": 0.5, "by": "2026-09-01"},
    "adoption": ADOPTION,
}
ROLE = {"key": "fresh", "name": "Fresh"}
MEMBER = {"from": "2026-01-01"}
ASSESSMENT = {"person": "p1", "scores": {"awareness": 4}, "method": "talk", "occurred_at": NOON}
AVERAGE = {"role": "sales", "scores": {"awareness": 3.5}, "method": "survey", "n": 10, "occurred_at": NOON}
STAGE = {"role": "sales", "stage": "desire", "status": "reached", "occurred_at": NOON}
TRAINING = {"id": "1", "person": "p1", "course": "basics", "status": "completed", "occurred_at": NOON}
USE = {"id": "1", "app": "copilot", "feature": "chat", "actor": "p1", "occurred_at": NOON}
CHANNEL = {"kind": "mail", "target": "team@example.org"}

# Route as the application names it -> method, path and a body it would take. `R` is a reminder's id, `E` an event's,
# `I` an import's.
WRITES: dict[str, tuple[str, str, Any]] = {
    "/people": ("POST", "/people", [{"external_id": "fresh"}]),
    "/changes": ("POST", "/changes", CHANGE),
    "/changes/<change>": ("PATCH", "/changes/copilot", {"phase": "pilot"}),
    "/changes/<change>/roles": ("POST", "/changes/copilot/roles", ROLE),
    "/changes/<change>/roles/<role>/members/<path:external_id>": (
        "PUT",
        "/changes/copilot/roles/sales/members/p1",
        MEMBER,
    ),
    "/changes/<change>/assessments": ("POST", "/changes/copilot/assessments", ASSESSMENT),
    "/changes/<change>/stages": ("POST", "/changes/copilot/stages", STAGE),
    "/trainings": ("POST", "/trainings", {"events": [TRAINING]}),
    "/usage": ("POST", "/usage", {"events": [USE]}),
    "/reminders/<uuid:reminder>/acknowledge": ("POST", "/reminders/R/acknowledge", {"action": "did_it"}),
    "/reminders/<uuid:reminder>/snooze": ("POST", "/reminders/R/snooze", {"until": "2026-03-12T09:00:00Z"}),
    "/reminders/<uuid:reminder>/note": ("POST", "/reminders/R/note", {"text": "Spoke to them."}),
    "/channels": ("POST", "/channels", CHANNEL),
    "/events/<uuid:event_id>/withdraw": ("POST", "/events/E/withdraw", {"reason": "A slip of the finger."}),
    "/heartbeats": ("POST", "/heartbeats", {}),
    "/sources/<path:source>": ("PUT", "/sources/assistant", {"emails_verified": True}),
    "/sources/<path:source>/retractions": ("POST", "/sources/assistant/retractions", {"reason": "A test of ours."}),
    "/imports/<uuid:import_id>/retractions": ("POST", "/imports/I/retractions", {"reason": "The wrong file."}),
    "/quarantine/replay": ("POST", "/quarantine/replay", {"source": "assistant"}),
}


@dataclass(frozen=True)
class Poison:
    """A body that no route takes. field: where the answer says the fault is, as `spoilt` put it; None for nowhere."""

    name: str
    body: Any
    status: int
    code: str
    field: str | None = None
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)


def spoilt(text: str) -> Any:
    """Puts some JSON text into a good body, as a field of its object or of its first item."""

    def make(good: Any) -> bytes:
        first = good[0] if isinstance(good, list) else good
        body = {**first, "zz": "@"}
        return json.dumps([body] if isinstance(good, list) else body).replace('"@"', text).encode()

    return make


def _whole(good: Any) -> bytes:
    return json.dumps(good).encode()


def _with(name: str, value: str) -> tuple[tuple[str, str], ...]:
    return tuple({"Content-Type": "application/json", name: value}.items())


# 100 KB that grow to 100 MB.
BOMB = gzip.compress(b" " * 100_000_000)

POISON = [
    Poison("nothing", lambda good: b"", 400, "empty_body"),
    Poison("no JSON", lambda good: b"person=alice", 400, "bad_json"),
    Poison("cut off", lambda good: _whole(good)[:-1], 400, "bad_json"),
    Poison("latin-1", lambda good: _whole([good]) + b"\xe9", 400, "not_utf8"),
    Poison("a NUL", spoilt(r'"a\u0000b"'), 400, "nul_character", "zz"),
    Poison("half a surrogate pair", spoilt(r'"\ud83d"'), 400, "lone_surrogate", "zz"),
    Poison("10,000 levels", spoilt("[" * 10_000 + "]" * 10_000), 400, "too_deep"),
    Poison("5,000 digits", spoilt("9" * 5000), 400, "integer_out_of_range", "zz"),
    Poison("65 bits", spoilt(str(2**64)), 400, "integer_out_of_range", "zz"),
    Poison("a key twice", spoilt('{"k": 1, "k": 2}'), 400, "duplicate_key", "zz"),
    Poison("NaN", spoilt("NaN"), 400, "number_not_finite", "zz"),
    Poison("infinity", spoilt("-1e999"), 400, "number_not_finite", "zz"),
    Poison("null", lambda good: b"null", 422, "invalid"),
    Poison("a string", lambda good: b'"alice"', 422, "invalid"),
    Poison("array and object swapped", lambda good: b"{}" if isinstance(good, list) else b"[]", 422, "invalid"),
    Poison("plain text", _whole, 415, "unsupported_media_type", headers=(("Content-Type", "text/plain"),)),
    Poison("a form", _whole, 415, "unsupported_media_type", headers=_with("Content-Type", "multipart/form-data")),
    Poison("brotli", _whole, 415, "unsupported_encoding", headers=_with("Content-Encoding", "br")),
    Poison("a cut-off gzip", lambda good: gzip.compress(_whole(good))[:-3], 400, "bad_gzip"),
    Poison("what is called gzip and is not", _whole, 400, "bad_gzip", headers=_with("Content-Encoding", "gzip")),
    Poison("a gzip bomb", lambda good: BOMB, 413, "too_large", headers=_with("Content-Encoding", "gzip")),
    Poison("a mebibyte and a byte", lambda good: b" " * (2**20 + 1), 413, "too_large"),
]
