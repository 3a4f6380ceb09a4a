"""Apps and learning systems that speak the protocols of others, and remember what was taken from them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from werkzeug.wrappers import Response

from service.intake.xapi.statement import NAME as XAPI
from tests.faults.insisting import Sender
from tests.faults.office import PEOPLE
from tests.service.intake.dialects.rigs import RIGS, Said, Wire
from tests.service.intake.xapi.learning import by_account, statement

BATCH, STATEMENTS = 50, 5
_UNPLACED = 0.1
"""Share of requests with an item in them that has no place; of those only the latest 10,000 are kept."""

# The latest days that are over, wherever days are cut: adoption speaks of no other.
_END = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=2)
_SECONDS = 3 * 86_400
_RIGS = {rig.name: rig for rig in RIGS}


@dataclass(frozen=True)
class Way:
    """A way to speak a dialect. name: also of the source. batch, taken: as a rig has them. unplaced: an item without a
    place, of some id. kept: the id that an item's use is known by.
    """

    name: str
    dialect: str
    batch: Callable[[Sequence[Said], str, Sequence[Any]], Wire]
    taken: Callable[[Response, int], None]
    unplaced: Callable[[str], Mapping[str, Any]]
    kept: Callable[[str], str] = str


def _rudderstack(said: Sequence[Said], key: str, raw: Sequence[Any] = ()) -> Wire:
    wire = _RIGS["segment"].batch(said, key, raw)
    # As the one for Node labels it.
    headers = {**wire.headers, "Content-Type": "application/x-www-form-urlencoded"}
    return Wire(wire.path, headers, gzip.compress(wire.body))


def _newer_posthog(said: Sequence[Said], key: str, raw: Sequence[Any] = ()) -> Wire:
    batch = json.loads(_RIGS["posthog"].batch(said, key, raw).body)["batch"]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    return Wire("/i/v1/analytics/events", headers, json.dumps({"batch": batch}).encode())


def _newer_posthog_took(answer: Response, number: int) -> None:
    assert answer.status_code == 200
    told = [one["result"] for one in answer.get_json()["results"].values()]
    assert len(told) == number
    assert set(told) <= {"ok", "warning"}


def _no_message(id: str) -> dict[str, Any]:
    return {"type": "sing", "userId": "p1", "messageId": id}


def _no_event(id: str) -> dict[str, Any]:
    return {"event": "x" * 129, "distinct_id": "p1", "uuid": id}


def _no_cloudevent(id: str) -> dict[str, Any]:
    return {"specversion": "1.0", "id": id, "source": "/assistant", "type": "asked"}


WAYS = (
    Way("segment", "segment", _RIGS["segment"].batch, _RIGS["segment"].taken, _no_message),
    Way("rudderstack", "segment", _rudderstack, _RIGS["segment"].taken, _no_message),
    Way("posthog", "posthog", _RIGS["posthog"].batch, _RIGS["posthog"].taken, _no_event),
    Way("posthog-newer", "posthog", _newer_posthog, _newer_posthog_took, _no_event),
    Way(
        "cloudevents",
        "cloudevents",
        _RIGS["cloudevents"].batch,
        _RIGS["cloudevents"].taken,
        _no_cloudevent,
        "/assistant\n{}".format,
    ),
)
"""Every dialect of the registry, in one way at least."""


class App(Sender):
    """Speaks one way, and sends every batch to the letter until it is answered as its clients expect."""

    def __init__(self, way: Way, number: int, addresses: Sequence[str], key: str) -> None:
        super().__init__(number, addresses)
        self.way, self._key = way, key
        self.uses: list[Said] = []
        self.unplaced: list[Mapping[str, Any]] = []

    def send(self) -> None:
        said = [self._said(index) for index in range(BATCH)]
        unplaced = [self.way.unplaced(f"{self._sent}-none")] if self._chance.random() < _UNPLACED else []
        wire = self.way.batch(said, self._key, unplaced)
        answer = self.insist("POST", wire.path, wire.headers, data=wire.body)
        number = len(said) + len(unplaced)
        self.way.taken(_as_in_tests(answer), number)
        self.uses += said
        self.unplaced += unplaced
        self.acknowledged += number

    def _said(self, index: int) -> Said:
        at = _END - timedelta(seconds=self._chance.randrange(_SECONDS))
        return Said(f"{self._sent}-{index}", self._chance.choice(PEOPLE), self._chance.choice(["chat", "search"]), at)


class LearningSystem(Sender):
    """Puts single statements and posts lists."""

    def __init__(self, number: int, addresses: Sequence[str], key: str) -> None:
        super().__init__(number, addresses)
        self._session.auth = ("learning", key)
        self._session.headers["X-Experience-API-Version"] = "1.0.3"
        self.steps: list[str] = []
        self.unplaced: list[str] = []

    def send(self) -> None:
        if self._chance.random() < _UNPLACED:
            self.unplaced += self._deliver(statement("http://adlnet.gov/expapi/verbs/experienced"))
        else:
            number = self._chance.choice([1, STATEMENTS])
            some = [statement("completed", by_account(self._chance.choice(PEOPLE))) for _ in range(number)]
            self.steps += self._deliver(*some)

    def _deliver(self, *some: dict[str, Any]) -> list[str]:
        ids = [one["id"] for one in some]
        if len(some) == 1:
            answer = self.insist("PUT", f"/xapi/statements?statementId={ids[0]}", json=some[0])
            assert answer.status_code == 204, answer.text
        else:
            answer = self.insist("POST", "/xapi/statements", json=some)
            assert answer.json() == ids, answer.text
        self.acknowledged += len(ids)
        return ids


RECORDED = (XAPI,)
"""What is recorded and is no usage: each of the registry has a sender here."""


def _as_in_tests(answer: requests.Response) -> Response:
    return Response(answer.content, answer.status_code, mimetype=answer.headers.get("Content-Type"))
