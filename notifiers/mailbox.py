"""The local mailbox: where messages land while no mail server is configured."""

from collections.abc import Callable

from notifiers.errors import TemporaryFailure
from notifiers.message import Message


class Mailbox:
    """`keep` stores a message for good; when it raises, the message counts as not delivered."""

    def __init__(self, keep: Callable[[Message], None]) -> None:
        self._keep = keep

    def send(self, message: Message) -> None:
        try:
            self._keep(message)
        except Exception as error:
            raise TemporaryFailure("not_kept") from error
