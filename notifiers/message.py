"""What is told, in the same words on every channel."""

import re
from dataclasses import dataclass

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# RFC 3986 without the characters that would end a link in HTML, in a mail header or in Slack's markup.
_WEB_ADDRESS = re.compile(r"https?://[!#-;=?-\[\]_a-z~]+")


@dataclass(frozen=True)
class Action:
    """A link the reader may follow. Raises ValueError unless `url` is an absolute http(s) URL in ASCII.

    label: one line; line breaks given become spaces, and the URL stands in for a blank one
    """

    label: str
    url: str

    def __post_init__(self) -> None:
        _check_web_address(self.url)
        object.__setattr__(self, "label", _one_line(self.label) or self.url)


@dataclass(frozen=True)
class Message:
    """One message to one receiver. Raises ValueError when the id, the receiver, the subject or the text is
    blank, or `unsubscribe_url` is no absolute http(s) URL in ASCII.

    Names and notes of strangers end up in these fields. They are made harmless here, once, so that no channel
    has to: control characters and lone surrogates become U+FFFD, line breaks become spaces or plain `\\n`.

    id: the delivery's, the same over retries
    to: an e-mail address, or a channel's label
    subject: one line
    text: paragraphs separated by blank lines
    unsubscribe_url: stops such messages on a bare POST, without sign-in (RFC 8058)
    """

    id: str
    to: str
    subject: str
    text: str
    actions: tuple[Action, ...] = ()
    unsubscribe_url: str | None = None

    def __post_init__(self) -> None:
        for name in ("id", "to", "subject"):
            object.__setattr__(self, name, _one_line(getattr(self, name)))
        object.__setattr__(self, "text", _plain("\n".join(self.text.splitlines())).strip())
        if not (self.id and self.to and self.subject and self.text):
            raise ValueError("a message needs an id, a receiver, a subject and a text")
        if self.unsubscribe_url is not None:
            _check_web_address(self.unsubscribe_url)

    @property
    def paragraphs(self) -> list[list[str]]:
        """The text as paragraphs of lines."""
        return [paragraph.split("\n") for paragraph in re.split(r"\n(?:[^\S\n]*\n)+", self.text)]


def _check_web_address(url: str) -> None:
    if not _WEB_ADDRESS.fullmatch(url):
        raise ValueError("a link needs an absolute http(s) URL in ASCII")


def _one_line(text: str) -> str:
    return _plain(" ".join(text.split()))


def _plain(text: str) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
