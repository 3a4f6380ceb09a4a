"""Signed heads: who keeps one outside can tell that the past was altered, or the tail cut off, without trusting us.

A head is an Ed25519 signature (RFC 8032) over a statement: JSON with sorted keys and without white space, of
`format` ("takehold head 1"), `workspace_id`, `position`, `hash` and `signed_at`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_FORMAT = "takehold head 1"


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
        """One line of JSON, as files of heads hold it."""
        return msgspec.json.encode(asdict(self), order="sorted").decode()


class NotAHead(Exception):
    """A text is no signed head."""


def sign_head(seed: bytes, workspace_id: str, position: int, hash: str, at: datetime) -> Head:
    """A head signed with the key that `seed` (32 bytes) makes."""
    signature = sign(seed, _statement(workspace_id, position, hash, at))
    return Head(workspace_id, position, hash, at, public_key(seed), signature)


def newest(text: str) -> Head:
    """The head of the highest position among lines of JSON. Raises NotAHead."""
    try:
        heads = [msgspec.json.decode(line, type=Head) for line in text.splitlines() if line.strip()]
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise NotAHead("this file holds no signed heads") from None
    if not heads:
        raise NotAHead("this file holds no signed heads")
    best = max(heads, key=lambda head: head.position)
    if not best.holds():
        raise NotAHead(f"the head of position {best.position} is not signed by the key it names")
    return best


def sign(seed: bytes, message: bytes) -> str:
    """Signature as 128 hex digits."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message).hex()


def public_key(seed: bytes) -> str:
    """Public key as 64 hex digits."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()


def signed_by(key: str, signature: str, message: bytes) -> bool:
    """Whether `signature` is that of `key` over `message`; anything malformed is not."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _statement(workspace_id: str, position: int, hash: str, at: datetime) -> bytes:
    said = {"format": _FORMAT, "workspace_id": workspace_id, "position": position, "hash": hash, "signed_at": at}
    return msgspec.json.encode(said, order="sorted")
