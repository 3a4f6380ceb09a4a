"""What a decision answers when the facts speak against it."""

from __future__ import annotations


class Refused(Exception):
    """A command cannot be carried out.

    code: stable name for programs, such as `key_taken`. field: path of the field at fault. message: for people.
    """

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.message = message
