"""Every route that takes a body is sent what no route takes: one clear verdict each, the same on both engines."""

from __future__ import annotations

import json
import random
import select
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import requests

from service.app import create_app
from tests.faults.asking import PATIENCE_SECONDS
from tests.faults.processes import Web
from tests.faults.stores import fresh_store
from tests.service.api.corpus import ASSESSMENT, NOON, POISON, WRITES, Poison, spoilt
from tests.service.api.office import House
from tests.service.api.test_bad_input import Desk

_CHUNKED_BYTES = 2 * 2**20
_API = "/api/v1"
_LATER: dict[str, Any] = {"/events/<uuid:event_id>/withdraw": {"reason": "A slip."}}
"""Good bodies of routes that need something to be there first."""

Verdict = tuple[str, str, int, str]
"""Route, body, status and code."""

_MORE = [
    Poison("a number", lambda good: b"7", 422, "invalid"),
    Poison("true", lambda good: b"true", 422, "invalid"),
    Poison("UTF-16", lambda good: json.dumps(good).encode("utf-16"), 400, "not_utf8"),
    Poison("a byte order mark", lambda good: json.dumps(good).encode("utf-8-sig"), 400, "not_utf8"),
    Poison("two values", lambda good: json.dumps(good).encode() * 2, 400, "bad_json"),
    Poison("10,000 objects", spoilt('{"a":' * 10_000 + "1" + "}" * 10_000), 400, "too_deep"),
    Poison("a NUL in a key", spoilt(r'{"a\u0000b": 1}'), 400, "nul_character"),
    Poison("half a surrogate pair in a key", spoilt(r'{"\udc00": 1}'), 400, "lone_surrogate"),
    Poison("half a megabyte of 9s", spoilt("9" * 500_000), 400, "integer_out_of_range"),
    Poison("1e999", spoilt("1e999"), 400, "number_not_finite"),
    Poison("a long text that never ends", lambda good: b'"' + b"x" * 1_000_000, 400, "bad_json"),
]

_seen: dict[str, list[Verdict]] = {}
"""Verdicts of the runs of this process, by engine and form."""


def run(engine: str, full: bool) -> list[str]:
    """Every poison, a chunked body of 2 MiB and 200 bodies with bytes altered to every route; short: a quarter."""
    with _served(engine) as target:
        verdicts = [
            verdict
            for number, route in enumerate(target.routes)
            # Short: a quarter for each route, such that every poison is met; the tests of the API try them all.
            for verdict in _poisoned(target, route, slice(None) if full else slice(number % 4, None, 4))
        ]
        pages = [_page(target, path) for path in target.pages]
        if full:
            chance = random.Random(20260302)
            verdicts += [_altered(target, route, chance) for route in target.routes for _ in range(200)]
        for route in target.routes:
            # An altered body may have been good, and have taken the name.
            good = json.dumps(target.good[route]).replace('"fresh"', '"again"').replace('"id": "1"', '"id": "again"')
            answer = target.send(route, good.encode())
            assert answer.ok, f"{route} no longer takes what is good: {answer.text}"
            if answer.status_code == 200 and "rejected" in answer.json():
                assert answer.json()["rejected"] == 0, answer.text
    for other, seen in _seen.items():
        assert len(seen) != len(verdicts) or seen == verdicts, f"{engine} and {other} judge differently"
    _seen[engine] = verdicts
    statuses = Counter(status for _, _, status, _ in verdicts)
    told = ", ".join(f"{number} x {status}" for status, number in sorted(statuses.items()))
    return [f"{len(verdicts)} bodies to {len(target.routes)} routes, {len(pages)} to pages: {told}; no 5xx"]


@dataclass(frozen=True)
class Target:
    """A running server. routes: by rule, method and path. good: a body each takes. pages: paths that take forms."""

    url: str
    key: str
    routes: dict[str, tuple[str, str]]
    good: dict[str, Any]
    pages: list[str]

    def send(self, route: str, body: Any, headers: Any = ()) -> requests.Response:
        method, path = self.routes[route]
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        told = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}", **dict(headers)}
        return requests.request(method, self.url + path, data=data, headers=told, timeout=PATIENCE_SECONDS)


@contextmanager
def _served(engine: str) -> Iterator[Target]:
    with fresh_store(engine) as store:
        with store.opened() as takehold:
            app = create_app(takehold)
            desk = Desk(House(takehold, app))
            answer = desk.office.alice.post("/changes/copilot/assessments", ASSESSMENT)
            values = {
                "change": "copilot",
                "role": "sales",
                "external_id": "p1",
                "reminder": str(desk.reminder),
                "event_id": answer.get_json()["event_id"],
                "import_id": str(desk.imported),
                "workspace_id": desk.office.id,
                "token": "nonsense",
                "source": "assistant",
            }
            key, rules = desk.office.alice.key, list(app.url_map.iter_rules())
        routes, pages = {}, []
        for rule in rules:
            for method in sorted((rule.methods or set()) & {"POST", "PUT", "PATCH"}):
                path = rule.build({name: values[name] for name in rule.arguments})
                assert path
                if rule.rule.startswith(_API):
                    routes[rule.rule.removeprefix(_API)] = (method, path[1])
                else:
                    pages.append(path[1])
        web = Web(store)
        web.start()
        try:
            web.ready()
            yield Target(web.url, key, routes, {route: _good(route) for route in routes}, pages)
        finally:
            web.end()


def _good(route: str) -> Any:
    """The corpus stops the clock in March 2026; a running server does not."""
    now = datetime.now(UTC)
    body = json.dumps(WRITES[route][2] if route in WRITES else _LATER[route])
    body = body.replace(NOON, (now - timedelta(hours=1)).isoformat())
    return json.loads(body.replace("2026-03-12T09:00:00Z", (now + timedelta(days=2)).isoformat()))


def _poisoned(target: Target, route: str, some: slice) -> Iterator[Verdict]:
    for poison in [*POISON, *_MORE][some]:
        answer = target.send(route, poison.body(target.good[route]), poison.headers)
        yield _judged(route, poison, answer.status_code, answer.json())
    huge = Poison("2 MiB in chunks", None, 413, "too_large")
    yield _judged(route, huge, *_chunked(target, *target.routes[route]))


def _judged(route: str, poison: Poison, status: int, problem: Any) -> Verdict:
    code = str(problem.get("code"))
    assert (status, code) == (poison.status, poison.code), f"{poison.name} to {route}: {status} {code}"
    return route, poison.name, status, code


def _altered(target: Target, route: str, chance: random.Random) -> Verdict:
    body = bytearray(json.dumps(target.good[route]).encode())
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(body))
        match chance.randrange(3):
            case 0:
                body[place] = chance.randrange(256)
            case 1:
                del body[place : place + chance.randint(1, 8)]
            case _:
                body[place:place] = bytes(chance.choice(b'\0"{}[]\\:,0e-\xff') for _ in range(chance.randint(1, 8)))
        if not body:
            break
    answer = target.send(route, bytes(body))
    assert answer.status_code < 500, f"{bytes(body)!r} to {route}: {answer.text}"
    problem = answer.json() if answer.status_code >= 400 else {}
    return route, "altered", answer.status_code, problem.get("code", "")


def _page(target: Target, path: str) -> int:
    for body in (b"", b"csrf=%00&%FF=%FE", b"{" * 10_000, b"a=" + b"x" * 1_000_000):
        for kind in ("application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x"):
            headers = {"Content-Type": kind}
            answer = requests.post(
                target.url + path, data=body, headers=headers, timeout=PATIENCE_SECONDS, allow_redirects=False
            )
            assert answer.status_code < 500, f"{kind} to {path}: {answer.status_code}"
    status, _ = _chunked(target, "POST", path)
    assert status < 500, f"2 MiB in chunks to {path}: {status}"
    return status


def _chunked(target: Target, method: str, path: str) -> tuple[int, Any]:
    """Sends until it is answered, as clients do that look; status and what was said, if that is JSON."""
    where = urlsplit(target.url)
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {target.key}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=PATIENCE_SECONDS) as link:
        link.sendall(head.encode())
        with suppress(ConnectionError):
            for _ in range(_CHUNKED_BYTES // 65_536):
                if select.select([link], [], [], 0)[0]:
                    break
                link.sendall(chunk)
            else:
                link.sendall(b"0\r\n\r\n")
        answer = HTTPResponse(link)
        answer.begin()
        said = answer.read()
    return answer.status, json.loads(said) if said.startswith(b"{") else {}
