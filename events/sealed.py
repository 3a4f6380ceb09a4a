"""The one field type for free text in events: encrypted before it is hashed, so that destroying a key erases it.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce; the key's id is bound in as associated data, so a text
cannot be passed off as sealed under another key.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


@dataclass(frozen=True)
class Sealed:
    """Free text under a key of its own.

    key: id of the key, kept in the key store, never beside the text.
    box: base64 of nonce, ciphertext and tag.
    """

    key: UUID
    box: str


def new_key() -> bytes:
    """A fresh 256-bit key."""
    return AESGCM.generate_key(bit_length=256)


def seal(text: str, key_id: UUID, key: bytes) -> Sealed:
    """Encrypt `text` under `key` (32 bytes), which the key store knows as `key_id`."""
    nonce = os.urandom(_NONCE_BYTES)
    box = nonce + AESGCM(key).encrypt(nonce, text.encode(), key_id.bytes)
    return Sealed(key_id, base64.b64encode(box).decode())


def unseal(sealed: Sealed, key: bytes) -> str:
    """The text again. Raises ValueError when the key is not the one it was sealed under or the box was altered."""
    box = base64.b64decode(sealed.box, validate=True)
    try:
        return AESGCM(key).decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], sealed.key.bytes).decode()
    except InvalidTag:
        raise ValueError("wrong key, or an altered text") from None
