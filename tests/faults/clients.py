"""Clients that write without pause while the service is killed under them, and remember what they were told."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from threading import Event, Thread
from time import monotonic
from typing import Any

import requests

from tests.faults.office import PEOPLE, ROLE

BATCH = 100
_PATIENCE_SECONDS = 120
_BEGIN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)


class Client:
    """One tight loop of requests. Everything it sends can be told apart afterwards.

    A request that may be repeated (usage, trainings, a membership, an assessment under an idempotency key) is repeated
    to the letter until it is answered; one that may not (a stage without such a key) is sent once.

    acknowledged: items that were answered as stored or as known. unanswered: requests that were sent and had no answer.
    busy: requests answered with 503. wrong: answers that should not have been given.
    """

    def __init__(self, number: int, addresses: Sequence[str], key: str) -> None:
        self.number = number
        self._addresses = addresses
        self._chance = random.Random(number)
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {key}"
        self._sent = 0
        self.acknowledged = self.unanswered = self.busy = 0
        self.wrong: list[str] = []
        self.uses: dict[str, datetime] = {}
        self.courses: list[str] = []
        self.places: list[tuple[str, date]] = []
        self.told: dict[str, str] = {}
        """Method of an assessment, or instant of a stage -> event id it was answered with."""
        self.lost: list[str] = []
        """Instants of stages without an answer: stored once or not at all."""

    def run(self, stop: Event) -> None:
        """Until it is told to stop."""
        kinds = [self._use] * 5 + [self._train, self._assess, self._assess, self._stage, self._place]
        while not stop.is_set():
            self._sent += 1
            try:
                self._chance.choice(kinds)()
            except Exception as error:
                self.wrong.append(repr(error))
                return

    def _use(self) -> None:
        names = [f"{self.number}-{self._sent}-{index}" for index in range(BATCH)]
        moments = {name: _BEGIN + timedelta(seconds=self._chance.randrange(200_000)) for name in names}
        feature = {"app": "copilot", "feature": self._chance.choice(["chat", "search"])}
        events = [
            {"id": name, **feature, "actor": self._chance.choice(PEOPLE), "occurred_at": at.isoformat()}
            for name, at in moments.items()
        ]
        self._judged("/usage", {"events": events})
        self.uses.update(moments)

    def _train(self) -> None:
        courses = [f"c{self.number}-{self._sent}-{index}" for index in range(10)]
        self._judged("/trainings", {"events": [self._step(course) for course in courses]})
        self.courses.extend(courses)

    def _step(self, course: str) -> dict[str, Any]:
        person = self._chance.choice(PEOPLE)
        return {
            "id": course,
            "person": person,
            "course": course,
            "status": "completed",
            "occurred_at": _BEGIN.isoformat(),
        }

    def _judged(self, path: str, body: dict[str, Any]) -> None:
        answer = self._insist("POST", path, body).json()
        if answer["rejected"] or answer["stored"] + answer["duplicate"] != len(body["events"]):
            self.wrong.append(f"{path}: {answer}")
        self.acknowledged += len(body["events"])

    def _place(self) -> None:
        # Each person is placed by one client only, or nobody could say what the last word was.
        person = PEOPLE[self.number * 5 + self._chance.randrange(5)]
        start = date(1900, 1, 1) + timedelta(days=self._sent)
        self._insist("PUT", f"{ROLE}/sales/members/{person}", {"from": start.isoformat()})
        self.places.append((person, start))
        self.acknowledged += 1

    def _assess(self) -> None:
        method = f"m{self.number}-{self._sent}"
        body = {
            "person": self._chance.choice(PEOPLE),
            "scores": {"awareness": 4, "desire": 2},
            "method": method,
            "occurred_at": _BEGIN.isoformat(),
        }
        answer = self._insist("POST", "/changes/copilot/assessments", body, {"Idempotency-Key": method})
        self.told[method] = answer.json()["event_id"]
        self.acknowledged += 1

    def _stage(self) -> None:
        at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=self._sent, microseconds=self.number)
        body = {"role": "sales", "stage": "desire", "status": "reached", "occurred_at": at.isoformat()}
        answer = self._ask("POST", "/changes/copilot/stages", body, {})
        if answer is None or (answer.status_code == 503 and answer.json()["code"] != "busy"):
            self.lost.append(at.isoformat())
        elif answer.status_code != 503:
            self.told[at.isoformat()] = answer.json()["event_id"]
            self.acknowledged += 1

    def _insist(
        self, method: str, path: str, body: dict[str, Any], headers: Mapping[str, str] = {}
    ) -> requests.Response:
        """Repeats to the letter until it is answered."""
        deadline = monotonic() + _PATIENCE_SECONDS
        while monotonic() < deadline:
            answer = self._ask(method, path, body, headers)
            if answer is not None and answer.status_code != 503:
                return answer
        raise AssertionError(f"{path} was not answered in {_PATIENCE_SECONDS} s")

    def _ask(
        self, method: str, path: str, body: dict[str, Any], headers: Mapping[str, str]
    ) -> requests.Response | None:
        """None without an answer. Raises AssertionError for any error but 503."""
        address = self._chance.choice(self._addresses)
        try:
            answer = self._session.request(method, f"{address}/api/v1{path}", json=body, headers=headers, timeout=30)
        except requests.RequestException as error:
            if "NewConnectionError" in repr(error):
                # Nobody listens; the pause leaves the processor to the one that starts.
                Event().wait(0.05)
            else:
                self.unanswered += 1
            return None
        if answer.status_code == 503:
            self.busy += 1
            assert answer.headers["Retry-After"], "503 without Retry-After"
        elif not answer.ok:
            raise AssertionError(f"{path}: {answer.status_code} {answer.text}")
        return answer


class Crowd:
    """Clients on threads. Use as a context; when it ends, everything that may be repeated has been answered."""

    def __init__(self, number: int, addresses: Sequence[str], key: str) -> None:
        self.clients = [Client(one, addresses, key) for one in range(number)]
        self._stop = Event()
        self._threads = [Thread(target=client.run, args=(self._stop,)) for client in self.clients]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def total(self, name: str) -> int:
        """Sum of a count over the clients."""
        return sum(getattr(client, name) for client in self.clients)

    def wrong(self) -> list[str]:
        return [wrong for client in self.clients for wrong in client.wrong]
