"""Senders on threads that repeat to the letter what nobody answered, while the service is killed under them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from threading import Event, Thread
from time import monotonic
from typing import Any

import requests

_PATIENCE_SECONDS = 120


class Sender:
    """One tight loop of requests. Everything it sends can be told apart afterwards.

    acknowledged: items that were answered as stored or as known. unanswered: requests that were sent and had no answer.
    busy: requests answered with 503. wrong: answers that should not have been given.
    """

    def __init__(self, number: int, addresses: Sequence[str]) -> None:
        self.number = number
        self._addresses = addresses
        self._chance = random.Random(number)
        self._session = requests.Session()
        self._sent = 0
        self.acknowledged = self.unanswered = self.busy = 0
        self.wrong: list[str] = []

    def run(self, stop: Event) -> None:
        """Until it is told to stop."""
        while not stop.is_set():
            self._sent += 1
            try:
                self.send()
            except Exception as error:
                self.wrong.append(repr(error))
                return

    def send(self) -> None:
        """Sends something that was not sent yet."""
        raise NotImplementedError

    def insist(self, method: str, path: str, headers: Mapping[str, str] = {}, **body: Any) -> requests.Response:
        """Repeats to the letter until it is answered."""
        deadline = monotonic() + _PATIENCE_SECONDS
        while monotonic() < deadline:
            answer = self.ask(method, path, headers, **body)
            if answer is not None and answer.status_code != 503:
                return answer
        raise AssertionError(f"{path} was not answered in {_PATIENCE_SECONDS} s")

    def ask(self, method: str, path: str, headers: Mapping[str, str] = {}, **body: Any) -> requests.Response | None:
        """None without an answer. body: as requests takes it. Raises AssertionError for any error but 503."""
        address = self._chance.choice(self._addresses)
        try:
            answer = self._session.request(method, f"{address}{path}", headers=headers, timeout=30, **body)
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
    """Senders on threads. Use as a context; when it ends, everything that may be repeated has been answered."""

    def __init__(self, senders: Sequence[Sender]) -> None:
        self._senders = senders
        self._stop = Event()
        self._threads = [Thread(target=sender.run, args=(self._stop,)) for sender in senders]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def total(self, name: str) -> int:
        """Sum of a count over the senders."""
        return sum(getattr(sender, name) for sender in self._senders)

    def wrong(self) -> list[str]:
        return [wrong for sender in self._senders for wrong in sender.wrong]
