"""Signed heads: who keeps one outside can tell that the past was altered, or the tail cut off, without trusting us.

A head is an Ed25519 signature (RFC 8032) over a statement: JSON with sorted keys and without white space, of
`format` ("takehold-head-1"), `workspace_id`, `position`, `hash` and `signed_at`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_FORMAT = "takehold-head-1"


@dataclass(frozen=True)
class Head:
    """Position and hash of the last event at `signed_at`. public_key, signature: hex digits."""

    workspace_id: str
    position: int
    hash: str
    signed_at: datetime
    public_key: str
    signature: str

    def holds(self) -> bool:
        """Whether the signature is the key's, over just this statement."""
        statement = _statement(self.workspace_id, self.position, self.hash, self.signed_at)
        return signed_by(self.public_key, self.signature, statement)

    def line(self) -> str:
        """One line of JSON, as files of heads hold it; without the line break."""
        return msgspec.json.encode(asdict(self), order="sorted").decode()


class NotAHead(Exception):
    """A text is no signed head."""


def sign_head(seed: bytes, workspace_id: str, position: int, hash: str, at: datetime) -> Head:
    """A head signed with the key that `seed` (32 bytes) makes."""
    # In UTC, because that is how an event that holds the head gives the instant back.
    at = at.astimezone(UTC)
    signature = sign(seed, _statement(workspace_id, position, hash, at))
    return Head(workspace_id, position, hash, at, public_key(seed), signature)


def read_heads(lines: Iterable[bytes]) -> list[Head]:
    """Every head of a file of heads, in the order in which they stand there. Raises NotAHead.

    All of them, not the newest alone: a log that was rewritten and goes on agrees with what was signed since.
    """
    heads = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            head = msgspec.json.decode(line, type=Head)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise NotAHead(f"line {number} is no signed head") from None
        if not head.holds():
            raise NotAHead(f"the head of line {number} is not signed by the key it names")
        heads.append(head)
    if not heads:
        raise NotAHead("there is no signed head")
    return heads


def sign(seed: bytes, message: bytes) -> str:
    """Signature as 128 hex digits."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message).hex()


def public_key(seed: bytes) -> str:
    """Public key as 64 hex digits."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()


def signed_by(key: str, signature: str, message: bytes) -> bool:
    """Whether `signature` is that of `key` over `message`; anything malformed is not."""
    try:
        known, signed = bytes.fromhex(key), bytes.fromhex(signature)
        Ed25519PublicKey.from_public_bytes(known).verify(signed, message)
    except (InvalidSignature, ValueError):
        return False
    # The same digits in capitals or with spaces would pass: a change to the text that nobody sees.
    return (known.hex(), signed.hex()) == (key, signature)


def _statement(workspace_id: str, position: int, hash: str, at: datetime) -> bytes:
    said = {"format": _FORMAT, "workspace_id": workspace_id, "position": position, "hash": hash, "signed_at": at}
    return msgspec.json.encode(said, order="sorted")
