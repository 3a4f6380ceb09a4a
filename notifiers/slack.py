"""Slack, through an incoming webhook."""

from notifiers.deadline import SEND_SECONDS
from notifiers.http_post import post_json
from notifiers.message import Action, Message

# Slack refuses the whole message when a block is longer.
HEADER_CHARACTERS = 150
SECTION_CHARACTERS = 3000
# Room for a URL beside the label in one section.
_LABEL_CHARACTERS = 150


class Slack:
    """`webhook_url` is a secret: whoever has it can post. `seconds`: limit of the whole exchange."""

    def __init__(self, webhook_url: str, seconds: float = SEND_SECONDS) -> None:
        self._webhook_url = webhook_url
        self._seconds = seconds

    def send(self, message: Message) -> None:
        post_json(self._webhook_url, _payload(message), self._seconds)


def _payload(message: Message) -> dict[str, object]:
    header = _escaped(message.subject, HEADER_CHARACTERS)
    return {
        # What notifications and screen readers say.
        "text": header,
        # Slack's preview robot would follow the links, as if the reader had.
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": header}},
            _section(_escaped(message.text, SECTION_CHARACTERS)),
            # Links, for under a webhook that answers no clicks a button shows a warning once pressed.
            *(_section(_link(action)) for action in message.actions),
        ],
    }


def _section(markup: str) -> dict[str, object]:
    # verbatim: Slack does not look for @names and #channels in the text by itself.
    return {"type": "section", "text": {"type": "mrkdwn", "text": markup, "verbatim": True}}


def _link(action: Action) -> str:
    return f"<{action.url.replace('&', '&amp;')}|{_escaped(action.label, _LABEL_CHARACTERS)}>"


def _escaped(text: str, limit: int) -> str:
    """At most `limit` characters, counted as sent, that hold no control sequence such as `<!channel>`."""
    whole = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if len(whole) <= limit:
        return whole
    cut = whole[: limit - 1]
    entity = cut.rfind("&")
    if entity >= 0 and ";" not in cut[entity:]:
        cut = cut[:entity]
    return cut + "…"
