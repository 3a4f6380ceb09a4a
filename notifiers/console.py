"""The terminal, for trying things out and for reading a log."""

import sys
from typing import TextIO

from notifiers.errors import TemporaryFailure
from notifiers.message import Message
from notifiers.render import as_text


class Console:
    """Without a `stream` it writes to what is sys.stdout at the time of sending."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def send(self, message: Message) -> None:
        stream = self._stream or sys.stdout
        text = f"To: {message.to}\nSubject: {message.subject}\n\n{as_text(message)}\n"
        encoding = getattr(stream, "encoding", None) or "utf-8"
        try:
            # One write, so that messages of several threads do not mix.
            stream.write(text.encode(encoding, "replace").decode(encoding))
            stream.flush()
        # ValueError is what a closed stream raises.
        except (OSError, ValueError):
            raise TemporaryFailure("output_closed") from None
