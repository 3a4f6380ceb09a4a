"""A message as an e-mail, byte for byte."""

import re
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any
from urllib.parse import quote

from notifiers.message import Message
from notifiers.render import as_html, as_text

_ADDRESS = re.compile(r"([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64})@([A-Za-z0-9.-]{1,253})")


class _Verbatim(EmailPolicy):
    """Writes two headers by itself, because the standard policy reads encoded words inside a value it is given:
    `=?utf-8?q?=0ABcc:...?=` in a name would become a line break, and a URL longer than 78 characters would be
    folded into encoded words, which no mailbox provider follows."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        if name in ("Subject", "List-Unsubscribe"):
            return name, value
        return super().header_store_parse(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name == "List-Unsubscribe":
            return f"{name}: {value}\r\n".encode("ascii")
        if name == "Subject":
            return f"{name}: {_subject(value)}\r\n".encode("ascii")
        return super().fold_binary(name, value)


def _subject(text: str) -> str:
    if text.isascii() and len(text) <= 66 and "=?" not in text:
        return text
    return Header(text, "utf-8", header_name="Subject").encode(linesep="\r\n")


# 7bit, because a server need not know 8BITMIME.
_POLICY = _Verbatim(linesep="\r\n", cte_type="7bit")


def mail_address(text: str, name: str = "") -> Address:
    """One plain address, its domain in ASCII (IDNA). Raises ValueError for anything else: lists, comments, quoted
    or non-ASCII local parts, line breaks and encoded words in either argument."""
    if "=?" in text + name:
        raise ValueError("encoded words are not part of an address")
    local, _, domain = text.rpartition("@")
    if not _ADDRESS.fullmatch(plain := f"{local}@{domain.encode('idna').decode('ascii')}"):
        raise ValueError("not an e-mail address")
    local, _, domain = plain.rpartition("@")
    return Address(name, local, domain)


def mail_bytes(message: Message, sender: Address, receiver: Address) -> bytes:
    """Multipart, text and HTML; the Message-ID repeats when the same delivery is sent again."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = sender
    mail["To"] = receiver
    mail["Subject"] = message.subject
    mail["Date"] = datetime.now(UTC)
    mail["Message-ID"] = f"<{quote(message.id, safe='')}@{sender.domain}>"
    # RFC 3834: keeps holiday notices from answering.
    mail["Auto-Submitted"] = "auto-generated"
    if message.unsubscribe_url:
        mail["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(as_text(message))
    mail.add_alternative(as_html(message), subtype="html")
    return mail.as_bytes()
