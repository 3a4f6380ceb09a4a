"""What the rest of the house may ask of any way of telling."""

from typing import Protocol

from notifiers.message import Message


class Channel(Protocol):
    """Built with its target and its settings; safe to use from several threads."""

    def send(self, message: Message) -> None:
        """Returns once the receiver has taken the message. Raises PermanentFailure or TemporaryFailure, nothing
        else, within the channel's deadline."""
