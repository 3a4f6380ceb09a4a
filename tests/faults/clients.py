"""Clients that write without pause while the service is killed under them, and remember what they were told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.faults.insisting import Sender
from tests.faults.office import PEOPLE, ROLE

API = "/api/v1"
BATCH = 100
_BEGIN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)


class Client(Sender):
    """Speaks our own API.

    A request that may be repeated (usage, trainings, a membership, an assessment under an idempotency key) is repeated
    to the letter until it is answered; one that may not (a stage without such a key) is sent once.
    """

    def __init__(self, number: int, addresses: Sequence[str], key: str) -> None:
        super().__init__(number, addresses)
        self._session.headers["Authorization"] = f"Bearer {key}"
        self.uses: dict[str, datetime] = {}
        self.courses: list[str] = []
        self.places: list[tuple[str, date]] = []
        self.told: dict[str, str] = {}
        """Method of an assessment, or instant of a stage -> event id it was answered with."""
        self.lost: list[str] = []
        """Instants of stages without an answer: stored once or not at all."""

    def send(self) -> None:
        kinds = [self._use] * 5 + [self._train, self._assess, self._assess, self._stage, self._place]
        self._chance.choice(kinds)()

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
        answer = self.insist("POST", API + path, json=body).json()
        if answer["rejected"] or answer["stored"] + answer["duplicate"] != len(body["events"]):
            self.wrong.append(f"{path}: {answer}")
        self.acknowledged += len(body["events"])

    def _place(self) -> None:
        # Each person is placed by one client only, or nobody could say what the last word was.
        person = PEOPLE[self.number * 5 + self._chance.randrange(5)]
        start = date(1900, 1, 1) + timedelta(days=self._sent)
        self.insist("PUT", f"{API}{ROLE}/sales/members/{person}", json={"from": start.isoformat()})
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
        answer = self.insist("POST", f"{API}/changes/copilot/assessments", {"Idempotency-Key": method}, json=body)
        self.told[method] = answer.json()["event_id"]
        self.acknowledged += 1

    def _stage(self) -> None:
        at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=self._sent, microseconds=self.number)
        body = {"role": "sales", "stage": "desire", "status": "reached", "occurred_at": at.isoformat()}
        answer = self.ask("POST", f"{API}/changes/copilot/stages", json=body)
        if answer is None or (answer.status_code == 503 and answer.json()["code"] != "busy"):
            self.lost.append(at.isoformat())
        elif answer.status_code != 503:
            self.told[at.isoformat()] = answer.json()["event_id"]
            self.acknowledged += 1
